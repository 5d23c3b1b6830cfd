using System.Reflection;
using System.Runtime.CompilerServices;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Handover;

/// <summary>Compiles the relay's own code while there is time, so that the moment of taking over is not spent with that.</summary>
internal static class WarmUp
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Compiles every method that needs no type argument.</summary>
    public static void Run()
    {
        foreach (var type in new[] { typeof(WarmUp).Assembly, typeof(StunMessage).Assembly }.SelectMany(assembly => assembly.GetTypes()).Where(type => !type.ContainsGenericParameters))
        {
            foreach (var method in type.GetMethods(Own).Cast<MethodBase>().Concat(type.GetConstructors(Own)))
            {
                if (!method.IsAbstract && !method.ContainsGenericParameters)
                {
                    Compile(method);
                }
            }
        }
    }

    private static void Compile(MethodBase method)
    {
        try
        {
            RuntimeHelpers.PrepareMethod(method.MethodHandle);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Nothing but time depends on it.
        }
    }
}
