using System.Globalization;
using System.Reflection;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.DropIn.Twilio;

/// <summary>The form of a Twilio request. Fields that are not known are ignored, as they are there.</summary>
public sealed class TwilioForm : IChecked, IBindableFromHttpContext<TwilioForm>
{
    private readonly IFormCollection fields;

    private TwilioForm(IFormCollection fields, Problem? problem = null) => (this.fields, Problem) = (fields, problem);

    /// <inheritdoc/>
    public Problem? Problem { get; }

    /// <returns>The field's value, or null when it is missing or empty.</returns>
    public string? Text(string name) => fields[name].ToString() is { Length: > 0 } value ? value : null;

    /// <returns>The field's whole number; null when it is missing or wrong, and then it is noted.</returns>
    public int? Integer(string name, FieldErrors errors)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return value;
        }

        errors.Add(name, "must be a whole number");
        return null;
    }

    /// <inheritdoc/>
    public static async ValueTask<TwilioForm?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var request = context.Request;
        if (request.ContentLength is 0 || (request.ContentType is null && request.ContentLength is null))
        {
            return new TwilioForm(FormCollection.Empty);
        }

        if (!request.HasFormContentType)
        {
            return new TwilioForm(FormCollection.Empty, new Problem(ProblemCodes.UnsupportedMediaType, "This API takes application/x-www-form-urlencoded."));
        }

        try
        {
            return new TwilioForm(await request.ReadFormAsync(context.RequestAborted));
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException and not BadHttpRequestException && !context.RequestAborted.IsCancellationRequested)
        {
            // Too many or too long fields; parts without an end.
            return new TwilioForm(FormCollection.Empty, new Problem(ProblemCodes.BadRequest, exception.Message));
        }
    }
}
