namespace NetDiscovery.Fuzz.Handlers;

/// <summary>Stories to begin with: what clients do on a good day, and the steps others are made of.</summary>
internal static class HandlerSeeds
{
    /// <summary>Steps worth inserting.</summary>
    public static IReadOnlyList<byte[]> Words { get; } =
    [
        .. from client in (byte[])[0, 1, 2, 3, 4, 5, 6, 7]
           from step in (byte[][])[[1, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 3, 0, 0, 0, 0], [4, 0, 0, 0, 0, 0, 0, 0], [5, 0, 0, 0, 0, 0, 0, 0], [6, 0, 0, 0, 9, 7, 0, 0], [7, 0, 0, 0, 9, 7, 0, 0], [8, 0, 0, 0, 9, 7, 0, 0], [3, 0, 0, 1, 0, 0, 0, 0]]
           select (byte[])[step[0], client, .. step[2..]],
        .. from client in (byte[])[0, 1, 3, 7]
           from step in (byte[][])[[1, 0, 0x80, 0x80, 0, 0, 0, 0], [3, 0, 0x80, 0, 0x80, 0, 0, 0], [3, 0, 0x80, 0, 0x80, 1, 0, 0], [3, 0, 0x80, 0, 0x80, 3, 0, 0], [3, 0, 0x80, 1, 0x80, 0, 0, 0], [6, 0, 0, 0, 9, 7, 0, 0], [14, 0, 0, 1, 0, 0, 0, 0]]
           select (byte[])[step[0], client, .. step[2..]],
        [9, 0, 0, 3, 0, 0, 0, 0], [9, 0, 0, 5, 0, 0, 0, 0], [9, 0, 0, 6, 0, 0, 0, 0], [10, 0, 0, 1, 0, 0, 0, 0], [10, 0, 0, 2, 0, 0, 0, 0], [10, 0, 0, 0, 0, 0, 0, 0], [14, 3, 0, 0, 0, 0, 0, 0],
    ];

    /// <summary>Whole inputs.</summary>
    public static IEnumerable<byte[]> All
    {
        get
        {
            foreach (var client in (byte[])[0, 1, 2, 3, 4, 5, 6, 7])
            {
                // Binding, Allocate, permission, channel, data both ways in both forms, Refresh, delete.
                byte peer = client is 2 or 4 ? (byte)3 : (byte)0;
                byte family = client is 2 or 4 ? (byte)0x0A : (byte)0;
                yield return
                [
                    0, client, 0, 0, 0, 0, 0, 0x80, 1, client, 0, (byte)(family & 7), family, 0, 0, 0, 4, client, 0, peer, 0, 0, 0, 0, 6, client, 0, peer, 20, 5, 0, 0,
                    8, client, 0, peer, 20, 5, 0, 0, 5, client, 0, peer, 0, 0, 0, 0, 7, client, 0, 0, 20, 5, 0, 0, 8, client, 0, peer, 20, 5, 0, 0,
                    3, client, 0, 4, 0, 0, 0, 0, 9, 0, 0, 4, 0, 0, 0, 0, 3, client, 0, 1, 0, 0, 0, 0, 11, client, 0, 0, 0, 0, 0, 0,
                ];
            }

            // A client moves to another address and sends from there, back again, and deletes from a third; its first Allocate comes once more.
            yield return
            [
                1, 0, 0x80, 0x80, 0, 0, 0, 0, 4, 0, 0x80, 0, 0, 0, 0, 0, 3, 1, 0x80, 0, 0x80, 0, 0, 0, 8, 0, 0, 0, 20, 5, 0, 0, 6, 1, 0, 0, 20, 5, 0, 0, 8, 1, 0, 0, 20, 5, 0, 0,
                11, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0x80, 0, 0x80, 1, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 20, 5, 0, 0, 3, 3, 0x80, 1, 0x80, 0, 0, 0, 11, 3, 0, 0, 0, 0, 0, 0,
            ];

            // A client's connection ends, and it comes back over another; one that does not come back.
            yield return
            [
                1, 3, 0x80, 0x80, 0, 0, 0, 0, 4, 3, 0x80, 0, 0, 0, 0, 0, 14, 3, 0, 1, 0, 0, 0, 0, 3, 0, 0x80, 0, 0x80, 3, 0, 0, 8, 0, 0, 0, 20, 5, 0, 0,
                1, 7, 0x80, 0x80, 0, 0, 0, 0, 14, 7, 0, 1, 0, 0, 0, 0, 9, 0, 0, 4, 0, 0, 0, 0, 3, 1, 0x80, 0, 0x80, 7, 0, 0,
            ];

            // Is there a NAT, and how does it behave (RFC 5780)?
            yield return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 3, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 2, 0, 9, 0, 0, 0, 0, 0, 5, 0, 0x81, 0, 0, 0, 3, 0, 1, 0, 3, 0, 0, 0, 2, 0, 1, 0, 3, 0, 0];

            // Two clients meet at the relay itself.
            yield return [1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0x11, 0, 0, 0, 0, 5, 1, 0, 0x10, 0, 0, 0, 0, 6, 0, 0, 0x11, 9, 1, 0, 0, 7, 1, 0, 0, 9, 1, 0, 0];

            // A reserved port, taken with its token.
            yield return [1, 0, 0, 5, 0, 0, 0, 0, 1, 1, 0, 4, 0, 0, 0, 0, 9, 0, 0, 3, 0, 0, 0, 0, 9, 0, 0, 3, 0, 0, 0, 0];

            // Tenants that are not known, suspended, limited; a relay that drains.
            yield return [1, 0, 0xC0, 0, 0, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1, 0, 0, 0, 0, 10, 0, 0, 8, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0];
        }
    }
}
