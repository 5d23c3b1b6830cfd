using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace NetDiscovery.Gateway.Tests.Regions;

/// <summary>Writes small databases in MaxMind's format (https://maxmind.github.io/MaxMind-DB/), IPv4 and IPv6 in one tree.</summary>
internal static class MmdbFile
{
    private const int IPv4Depth = 96;

    /// <param name="path">The file.</param>
    /// <param name="entries">Blocks and what the database says of them; blocks must not overlap.</param>
    public static void Write(string path, params (string Block, Dictionary<string, object> Data)[] entries)
    {
        // A node has two records: null = nothing, int = index of an entry, Node = further down.
        var root = new Node();
        using var data = new MemoryStream();
        var offsets = new List<int>();
        foreach (var (block, value) in entries)
        {
            offsets.Add((int)data.Length);
            WriteValue(data, value);
            Insert(root, IPNetwork.Parse(block), offsets.Count - 1);
        }

        var nodes = new List<Node>();
        Number(root, nodes);
        using var file = File.Create(path);
        foreach (var node in nodes)
        {
            foreach (var record in node.Records)
            {
                var number = record switch
                {
                    null => nodes.Count,
                    Node next => next.Index,
                    int entry => nodes.Count + 16 + offsets[entry],
                    _ => throw new InvalidOperationException("No such record."),
                };
                file.Write([(byte)(number >> 16), (byte)(number >> 8), (byte)number]);
            }
        }

        file.Write(new byte[16]);
        data.WriteTo(file);
        file.Write([0xAB, 0xCD, 0xEF, .. "MaxMind.com"u8]);
        WriteValue(file, new Dictionary<string, object>
        {
            ["node_count"] = (uint)nodes.Count, ["record_size"] = (ushort)24, ["ip_version"] = (ushort)6, ["database_type"] = "Test-City", ["languages"] = new List<object> { "en" },
            ["binary_format_major_version"] = (ushort)2, ["binary_format_minor_version"] = (ushort)0, ["build_epoch"] = 1_700_000_000UL,
            ["description"] = new Dictionary<string, object> { ["en"] = "for tests" },
        });
    }

    private static void Insert(Node root, IPNetwork block, int entry)
    {
        var bytes = block.BaseAddress.GetAddressBytes();
        var padding = bytes.Length == 4 ? IPv4Depth : 0;
        var depth = padding + block.PrefixLength;
        var node = root;
        for (var bit = 0; bit < depth; bit++)
        {
            var side = bit < padding ? 0 : (bytes[(bit - padding) / 8] >> (7 - ((bit - padding) % 8))) & 1;
            if (bit == depth - 1)
            {
                node.Records[side] = entry;
            }
            else
            {
                node = (Node)(node.Records[side] ??= new Node());
            }
        }
    }

    private static void Number(Node node, List<Node> nodes)
    {
        node.Index = nodes.Count;
        nodes.Add(node);
        foreach (var next in node.Records.OfType<Node>())
        {
            Number(next, nodes);
        }
    }

    private static void WriteValue(Stream to, object value)
    {
        switch (value)
        {
            case string text:
                WriteControl(to, 2, Encoding.UTF8.GetByteCount(text));
                to.Write(Encoding.UTF8.GetBytes(text));
                break;
            case double number:
                WriteControl(to, 3, 8);
                WriteBytes(to, 8, buffer => BinaryPrimitives.WriteDoubleBigEndian(buffer, number));
                break;
            case ushort number:
                WriteControl(to, 5, 2);
                WriteBytes(to, 2, buffer => BinaryPrimitives.WriteUInt16BigEndian(buffer, number));
                break;
            case uint number:
                WriteControl(to, 6, 4);
                WriteBytes(to, 4, buffer => BinaryPrimitives.WriteUInt32BigEndian(buffer, number));
                break;
            case ulong number:
                WriteControl(to, 9, 8);
                WriteBytes(to, 8, buffer => BinaryPrimitives.WriteUInt64BigEndian(buffer, number));
                break;
            case Dictionary<string, object> map:
                WriteControl(to, 7, map.Count);
                foreach (var (name, item) in map)
                {
                    WriteValue(to, name);
                    WriteValue(to, item);
                }

                break;
            case List<object> list:
                WriteControl(to, 11, list.Count);
                list.ForEach(item => WriteValue(to, item));
                break;
            default:
                throw new NotSupportedException(value.GetType().Name);
        }
    }

    private static void WriteBytes(Stream to, int count, Action<byte[]> fill)
    {
        var buffer = new byte[count];
        fill(buffer);
        to.Write(buffer);
    }

    // Sizes of 29 and more take further bytes; none here is that long but texts, and those are kept short.
    private static void WriteControl(Stream to, int type, int size)
    {
        Assert.True(size < 29, "Only short values.");
        if (type > 7)
        {
            to.Write([(byte)size, (byte)(type - 7)]);
        }
        else
        {
            to.WriteByte((byte)((type << 5) | size));
        }
    }

    private sealed class Node
    {
        public object?[] Records { get; } = new object?[2];

        public int Index { get; set; }
    }
}
