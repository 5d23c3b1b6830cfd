using System.Globalization;
using System.Reflection;
using System.Text;

namespace NetDiscovery.Repository.Contracts;

/// <summary>The contracts as text, sorted, so that a change of what crosses a process is a line in a diff.</summary>
internal static class ContractText
{
    private const string Head = """
        # What crosses a process: grain interfaces and records, by the names they have on the wire.
        # Made from the compiled contracts by tests/Repository; UPDATE_CONTRACTS=1 writes it anew.
        # Old and new processes talk to each other during an upgrade: add, but do not change or reuse a name, a number or a type.

        """;

    public static string Write()
    {
        var text = new StringBuilder(Head.ReplaceLineEndings("\n"));
        foreach (var type in ContractTypes.Interfaces.OrderBy(ContractTypes.InterfaceType, StringComparer.Ordinal))
            WriteInterface(text, type);
        foreach (var type in ContractTypes.Data.OrderBy(ContractTypes.Alias, StringComparer.Ordinal))
            WriteData(text, type);
        return text.ToString();
    }

    private static void WriteInterface(StringBuilder text, Type type)
    {
        var key = type.IsAssignableTo(typeof(IGrainWithIntegerKey)) ? "integer" : "string";
        Line(text, $"\ninterface {ContractTypes.InterfaceType(type)} (key: {key})");
        foreach (var method in type.GetMethods().OrderBy(ContractTypes.Alias, StringComparer.Ordinal))
        {
            var parameters = string.Join(", ", method.GetParameters().Select(parameter => $"{ContractTypes.Name(parameter.ParameterType)} {parameter.Name}"));
            Line(text, $"  {ContractTypes.Alias(method)}({parameters}) -> {Result(method)}");
        }
    }

    private static void WriteData(StringBuilder text, Type type)
    {
        if (type.IsEnum)
        {
            Line(text, $"\nenum {ContractTypes.Alias(type)}");
            foreach (var value in Enum.GetValues(type).Cast<object>().Select(value => (Number: Convert.ToInt64(value, CultureInfo.InvariantCulture), Name: value.ToString())))
                Line(text, $"  {value.Number} {value.Name}");
            return;
        }

        var parent = type.BaseType is { } declared && ContractTypes.Data.Contains(declared) ? $" : {ContractTypes.Alias(declared)}" : "";
        Line(text, $"\n{(type.IsValueType ? "struct" : type.IsAbstract ? "abstract record" : "record")} {ContractTypes.Alias(type)}{parent}");
        foreach (var member in ContractTypes.Members(type).OrderBy(ContractTypes.Id))
            Line(text, $"  {ContractTypes.Id(member)} {ContractTypes.Name(member.PropertyType)} {member.Name}");
    }

    private static string Result(MethodInfo method) =>
        method.ReturnType.IsGenericType ? ContractTypes.Name(method.ReturnType.GetGenericArguments().Single()) : "nothing";

    private static void Line(StringBuilder text, string line) => text.Append(line).Append('\n');
}
