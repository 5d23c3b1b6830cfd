using System.Runtime.CompilerServices;
using System.Text;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.Tests.Problems;

public sealed class ErrorReferenceTests
{
    [Fact]
    public void Error_reference_is_the_catalogue()
    {
        var file = Path.Combine(Path.GetDirectoryName(SourcePath())!, "../../../docs/reference/errors.md");
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(file, Render());
        }

        Assert.True(File.ReadAllText(file) == Render(), "docs/reference/errors.md differs from the catalogue: run this test with UPDATE_DOCS=1.");
    }

    private static string Render()
    {
        var page = new StringBuilder(
            """
            # Errors

            Every refusal is a problem details body (RFC 9457, `application/problem+json`). Programs rely on `code`, which never changes;
            `title` and `action` are for people. `detail` says what is particular to the request, `errors` holds messages by field
            (all wrong fields at once), `traceId` finds the request in logs and traces. 429 and 503 carry `Retry-After`.

            ```json
            {
              "type": "/errors#validation_failed",
              "title": "Some fields are not acceptable",
              "status": 400,
              "instance": "/v1/tokens",
              "code": "validation_failed",
              "action": "Correct every field named in 'errors' and send the request again.",
              "errors": { "label": ["must be 1 to 64 bytes of UTF-8 without control characters"] },
              "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"
            }
            ```

            | status | code | what is wrong | what to do |
            |---|---|---|---|

            """);
        foreach (var code in ProblemCodes.All)
        {
            page.Append("| ").Append(code.Status).Append(" | `").Append(code.Code).Append("` | ").Append(code.Title).Append(" | ").Append(code.Action).Append(" |\n");
        }

        return page.ToString();
    }

    private static string SourcePath([CallerFilePath] string path = "") => path;
}
