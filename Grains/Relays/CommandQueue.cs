using NetDiscovery.Grains.Interfaces.Relays;

namespace NetDiscovery.Grains.Relays;

/// <summary>The rules of a relay's command queue, as functions from state to state.</summary>
/// <remarks>
/// One <see cref="RefreshTenant"/> for each tenant, one <see cref="SetDraining"/>, one <see cref="CutAllocation"/> for each allocation. A newer
/// refresh takes a new sequence: the relay may be carrying out the older one, and its confirmation must not cover both.
/// </remarks>
internal static class CommandQueue
{
    /// <summary>Commands a relay may have unconfirmed.</summary>
    public const int Max = 4_096;

    /// <returns>The state with the command queued, or null when the queue is full.</returns>
    /// <param name="state">The state before.</param>
    /// <param name="command">What to queue.</param>
    /// <param name="now">Sequences start at the time in milliseconds, so that an activation that lost unstored commands repeats no number.</param>
    public static RelayState? Enqueue(this RelayState state, RelayCommand command, DateTimeOffset now)
    {
        switch (command)
        {
            case CutAllocation when state.Commands.Any(queued => queued.Command == command):
                return state;
            case RefreshTenant refresh:
                if (state.Commands.FirstOrDefault(queued => queued.Command is RefreshTenant other && other.Tenant == refresh.Tenant) is { } older)
                {
                    state = state with { Commands = state.Commands.Remove(older) };
                    command = refresh with { Version = Math.Max(refresh.Version, ((RefreshTenant)older.Command).Version) };
                }

                break;
            case SetDraining draining:
                state = state with
                {
                    Draining = draining.Draining,
                    Commands = state.Commands.RemoveAll(queued => queued.Command is SetDraining),
                };
                break;
        }

        if (state.Commands.Length >= Max && command is not SetDraining)
            return null;

        var sequence = Math.Max(state.LastSequence + 1, now.ToUnixTimeMilliseconds());
        return state with { Commands = state.Commands.Add(new SequencedCommand(sequence, command)), LastSequence = sequence };
    }

    /// <returns>The state without the commands up to <paramref name="sequence"/>.</returns>
    public static RelayState Confirm(this RelayState state, long sequence) =>
        state.Commands.IsEmpty || state.Commands[0].Sequence > sequence
            ? state
            : state with { Commands = state.Commands.RemoveAll(queued => queued.Sequence <= sequence) };
}
