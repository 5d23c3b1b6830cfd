using System.IO.MemoryMappedFiles;

namespace NetDiscovery.Fuzz.Engine;

/// <summary>
/// Writes failing inputs to files, one for each kind of failure. The input under way lies in a mapped file all the time, so that it is known
/// even when it kills the process.
/// </summary>
internal sealed class Finds : IDisposable
{
    private const int MaxKinds = 50;
    private readonly string folder;
    private readonly string target;
    private readonly string runningPath;
    private readonly MemoryMappedFile running;
    private readonly MemoryMappedViewAccessor view;
    private readonly HashSet<string> kinds = [];
    private readonly unsafe byte* start;
    private readonly int capacity;

    public unsafe Finds(string folder, string target, int maxInputSize)
    {
        this.folder = folder;
        this.target = target;
        Directory.CreateDirectory(folder);
        runningPath = Path.Combine(folder, $"{target}-running-{Environment.ProcessId}.bin");
        capacity = maxInputSize + 4;
        running = MemoryMappedFile.CreateFromFile(runningPath, FileMode.Create, null, capacity);
        view = running.CreateViewAccessor();
        byte* pointer = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        start = pointer;
    }

    /// <summary>Kinds of failures found.</summary>
    public int Count => kinds.Count;

    /// <summary>True when so many kinds failed that going on makes no sense.</summary>
    public bool IsFull => kinds.Count >= MaxKinds;

    /// <summary>Notes the input that is about to run: 4 bytes length, then the bytes.</summary>
    public unsafe void Running(ReadOnlySpan<byte> input)
    {
        *(int*)start = input.Length;
        input.CopyTo(new Span<byte>(start + 4, capacity - 4));
    }

    /// <summary>The input noted last.</summary>
    public unsafe byte[] LastInput() => new ReadOnlySpan<byte>(start + 4, *(int*)start).ToArray();

    /// <summary>Writes a failing input, unless one of its kind was written.</summary>
    public void Add(ReadOnlySpan<byte> input, Exception failure)
    {
        var frame = failure is FuzzFailure ? failure.Message : failure.GetType().Name + failure.StackTrace?.Split('\n')[0];
        if (!kinds.Add(frame))
        {
            return;
        }

        var path = Path.Combine(folder, $"{target}-{Corpus.NameOf(input)}");
        File.WriteAllBytes(path + ".bin", input);
        File.WriteAllText(path + ".txt", failure.ToString());
        Console.WriteLine($"!! {failure.GetType().Name}: {failure.Message}\n   input: {path}.bin");
    }

    public void Dispose()
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        running.Dispose();
        File.Delete(runningPath);
    }
}
