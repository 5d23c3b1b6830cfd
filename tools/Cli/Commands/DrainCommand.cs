using System.CommandLine;
using NetDiscovery.Cli.Output;
using NetDiscovery.Client.Models;
using Spectre.Console;

namespace NetDiscovery.Cli.Commands;

/// <summary><c>drain</c>: has a relay take no new allocations, and waits until the last one has ended.</summary>
internal static class DrainCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // The first sign of life after the order fetches it, the second tells what is there since it is obeyed.
    private const int SignsOfLife = 2;

    /// <summary>The command.</summary>
    public static Command Create(Globals globals)
    {
        var relay = new Argument<string>("relay") { Description = "Relay:Id of the relay" };
        var undo = new Option<bool>("--undo") { Description = "Take clients again" };
        var wait = new Option<bool>("--wait") { Description = "Wait until no allocation is left" };
        var timeout = new Option<int>("--timeout") { Description = "Seconds to wait at most", DefaultValueFactory = static _ => 3_600, HelpName = "seconds" };
        return globals.Action(
            new Command("drain", "Have a relay take no new allocations; live ones go on") { relay, undo, wait, timeout },
            async context =>
            {
                var status = await context.Client.Relays.DrainAsync(context.Get(relay), !context.Get(undo), context.Cancellation);
                if (context.Get(undo) || !context.Get(wait))
                {
                    context.Printer.Done(context.Get(undo) ? $"{status.Id} takes clients again." : $"{status.Id} takes no new allocations; {Quantity.Count(status.Allocations)} are live.", status);
                    return ExitCodes.Ok;
                }

                status = await WaitAsync(context, status, TimeSpan.FromSeconds(context.Get(timeout)));
                context.Printer.Done(status switch
                {
                    { Allocations: 0, Draining: true } => $"{status.Id} is empty: it can be stopped.",
                    { Healthy: false } => $"{status.Id} was not heard of any more, with {Quantity.Count(status.Allocations)} allocations live: look after its process.",
                    _ => $"{status.Id} still has {Quantity.Count(status.Allocations)} allocations after {context.Get(timeout)} s. Wait on, or restart it with a hand-over, which keeps them.",
                }, status);
                return IsEmpty(status) ? ExitCodes.Ok : ExitCodes.Refused;
            });
    }

    private static bool IsEmpty(RelayStatus relay) => relay is { Allocations: 0, Draining: true, Healthy: true };

    private static Task<RelayStatus> WaitAsync(CommandContext context, RelayStatus status, TimeSpan limit)
    {
        var progress = context.Terminal.Progress.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn());
        return progress.StartAsync(async bar =>
        {
            var most = Math.Max(1, status.Allocations);
            var task = bar.AddTask(Describe(status), maxValue: most);
            var started = context.Terminal.Time.GetTimestamp();
            for (var (signs, lastSeenAt) = (0, status.LastSeenAt); ; lastSeenAt = status.LastSeenAt)
            {
                status = await context.Client.Relays.GetAsync(status.Id, context.Cancellation);
                signs += status.LastSeenAt == lastSeenAt ? 0 : 1;
                var isEmpty = IsEmpty(status) && signs >= SignsOfLife;
                most = Math.Max(most, status.Allocations);
                (task.MaxValue, task.Value, task.Description) = (most, isEmpty ? most : Math.Min(most - 1, most - status.Allocations), Describe(status));
                if (isEmpty || !status.Healthy || context.Terminal.Time.GetElapsedTime(started) >= limit)
                {
                    return status;
                }

                await Task.Delay(Interval, context.Terminal.Time, context.Cancellation);
            }
        });
    }

    private static string Describe(RelayStatus relay) => Markup.Escape($"{relay.Id}: {Quantity.Count(relay.Allocations)} allocations");
}
