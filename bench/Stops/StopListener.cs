using System.Diagnostics.Tracing;
using System.Globalization;

namespace NetDiscovery.Stops.Bench;

/// <summary>
/// Writes a line each time all threads were stopped: when (Unix seconds), for a collection of which generation (-1: for another reason), how long from the request that all threads stop until they were let go, and how long from
/// when they all had stopped (milliseconds). By the runtime's own events and their times. Its metric <c>dotnet.gc.pause.time</c> goes on until the collecting thread has
/// the processor again, after those that it let go.
/// </summary>
internal sealed class StopListener(string file) : EventListener
{
    private const EventKeywords Collections = (EventKeywords)1;
    private DateTime asked;
    private DateTime stopped;
    private int generation = -1;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
        {
            EnableEvents(eventSource, EventLevel.Informational, Collections);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        switch (eventData.EventName)
        {
            case "GCSuspendEEBegin_V1":
                (asked, generation) = (eventData.TimeStamp, -1);
                break;
            case "GCSuspendEEEnd_V1":
                stopped = eventData.TimeStamp;
                break;
            case "GCStart_V2":
                generation = Convert.ToInt32(eventData.Payload![1], CultureInfo.InvariantCulture);
                break;
            case "GCRestartEEBegin_V1":
                var let = eventData.TimeStamp;
                File.AppendAllText(file, string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(asked - DateTime.UnixEpoch).TotalSeconds:F3} {generation} {(let - asked).TotalMilliseconds:F3} {(let - stopped).TotalMilliseconds:F3}\n"));
                break;
            default:
                break;
        }
    }
}
