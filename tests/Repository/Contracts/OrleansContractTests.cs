using NetDiscovery.TestKit;

namespace NetDiscovery.Repository.Contracts;

public sealed class OrleansContractTests
{
    private static readonly string FilePath = Path.Combine(RepositoryRoot.Path, "Grains.Interfaces", "OrleansContracts.txt");

    [Fact]
    public void The_contract_file_says_what_the_contracts_are()
    {
        var expected = ContractText.Write();
        if (Environment.GetEnvironmentVariable("UPDATE_CONTRACTS") == "1")
            File.WriteAllText(FilePath, expected);

        var written = File.Exists(FilePath) ? File.ReadAllText(FilePath).ReplaceLineEndings("\n") : "";
        var (missing, left) = (Lines(expected).Except(Lines(written)), Lines(written).Except(Lines(expected)));
        Assert.True(
            written == expected,
            "Grains.Interfaces/OrleansContracts.txt is not what the contracts are. If processes of the version before can still talk to this one, "
            + "run this test with UPDATE_CONTRACTS=1 and commit the file.\n"
            + string.Join('\n', missing.Select(line => "+ " + line).Concat(left.Select(line => "- " + line))));
    }

    [Fact]
    public void Every_grain_interface_and_method_has_a_name_of_its_own()
    {
        Assert.NotEmpty(ContractTypes.Interfaces);
        foreach (var type in ContractTypes.Interfaces)
        {
            Assert.False(string.IsNullOrEmpty(ContractTypes.InterfaceType(type)), $"{type.Name} has no [GrainInterfaceType].");
            Assert.Equal(ContractTypes.InterfaceType(type), ContractTypes.Alias(type));
            Assert.All(type.GetMethods(), method => Assert.False(string.IsNullOrEmpty(ContractTypes.Alias(method)), $"{type.Name}.{method.Name} has no [Alias]."));
            AssertUnique(type.GetMethods().Select(method => ContractTypes.Alias(method)!), type.Name);
        }

        AssertUnique(ContractTypes.Interfaces.Select(type => ContractTypes.InterfaceType(type)!), "interfaces");
    }

    [Fact]
    public void Every_record_has_a_name_and_every_member_a_number()
    {
        Assert.NotEmpty(ContractTypes.Data);
        foreach (var type in ContractTypes.Data)
        {
            Assert.False(string.IsNullOrEmpty(ContractTypes.Alias(type)), $"{type.Name} has no [Alias].");
            Assert.All(ContractTypes.Members(type), member => Assert.True(ContractTypes.Id(member) is not null, $"{type.Name}.{member.Name} has no [Id(n)]."));
            AssertUnique(ContractTypes.Members(type).Select(member => $"{ContractTypes.Id(member)}"), type.Name);
        }
    }

    // Silos look names up over all assemblies: what grains store shares one space with what crosses.
    [Fact]
    public void Names_are_unique_over_contracts_and_stored_states()
    {
        var stored = ProductAssemblies.Load("Grains").GetTypes()
            .Where(type => type.Namespace?.StartsWith("NetDiscovery.", StringComparison.Ordinal) == true && type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
            .ToList();
        Assert.All(stored, type => Assert.False(string.IsNullOrEmpty(ContractTypes.Alias(type)), $"{type.Name} has no [Alias]."));
        AssertUnique(ContractTypes.Data.Concat(stored).Concat(ContractTypes.Interfaces).Select(type => ContractTypes.Alias(type)!), "types");
    }

    // A type without a serializer of ours would fail only when the first call carries it.
    [Fact]
    public void Everything_a_method_carries_has_a_serializer()
    {
        var carried = ContractTypes.Interfaces.SelectMany(type => type.GetMethods())
            .SelectMany(method => method.GetParameters().Select(parameter => parameter.ParameterType).Append(method.ReturnType))
            .Concat(ContractTypes.Data.Where(type => !type.IsEnum).SelectMany(ContractTypes.Members).Select(member => member.PropertyType))
            .SelectMany(Parts)
            .Distinct()
            .Where(type => type.Namespace?.StartsWith("NetDiscovery.", StringComparison.Ordinal) == true);
        Assert.All(carried.Except(ContractTypes.Interfaces), type => Assert.Contains(type, ContractTypes.Data));
    }

    private static IEnumerable<Type> Parts(Type type) => type.IsArray ? Parts(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type.GetGenericTypeDefinition())
        : [type];

    private static string[] Lines(string text) => text.Split('\n');

    private static void AssertUnique(IEnumerable<string> names, string where)
    {
        var twice = names.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key).ToList();
        Assert.True(twice.Count == 0, $"Used twice in {where}: {string.Join(", ", twice)}.");
    }
}
