using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace NetDiscovery.Cli.Output;

/// <summary>Prints results: tables and lines for people, JSON with the names of the HTTP API for programs.</summary>
internal sealed class Printer(Terminal terminal, bool json)
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private static readonly JsonSerializerOptions OneLine = new(Indented) { WriteIndented = false };

    /// <summary>A list: one item a line under a heading, or <c>{"items": […]}</c>.</summary>
    /// <param name="items">What is listed.</param>
    /// <param name="none">What is said to people when there is none.</param>
    /// <param name="columns">What is shown of each.</param>
    public void List<T>(IReadOnlyList<T> items, string none, params Column<T>[] columns)
    {
        if (json)
        {
            Json(new { items });
        }
        else if (items.Count == 0)
        {
            terminal.Output.WriteLine(none);
        }
        else
        {
            var table = new Table { Border = TableBorder.None };
            foreach (var column in columns)
            {
                table.AddColumn(new TableColumn(new Text(column.Header)) { NoWrap = true });
            }

            foreach (var item in items)
            {
                table.AddRow([.. columns.Select(column => new Text(column.Cell(item) ?? "-"))]);
            }

            terminal.Results.Write(table);
        }
    }

    /// <summary>One thing: a line for each field that has a value, or the thing itself.</summary>
    public void Item<T>(T item, params Column<T>[] fields)
    {
        if (json)
        {
            Json(item);
            return;
        }

        var shown = fields.Select(field => (field.Header, Text: field.Cell(item))).Where(field => field.Text is not null).ToList();
        var width = shown.Count == 0 ? 0 : shown.Max(field => field.Header.Length);
        foreach (var (header, text) in shown)
        {
            terminal.Output.WriteLine($"{header.PadRight(width)}  {text}");
        }
    }

    /// <summary>Says that something was done, or prints what is there now.</summary>
    public void Done(string sentence, object result)
    {
        if (json)
        {
            Json(result);
        }
        else
        {
            terminal.Output.WriteLine(sentence);
        }
    }

    /// <summary>A value as indented JSON, whatever the output is for.</summary>
    public void Json<T>(T value) => terminal.Output.WriteLine(JsonSerializer.Serialize(value, Indented));

    /// <summary>A value as one line of JSON, whatever the output is for.</summary>
    public static string Line<T>(T value) => JsonSerializer.Serialize(value, OneLine);
}
