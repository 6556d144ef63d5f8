using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Parameters with their secrets in place, and the way to keep those out of what comes back.</summary>
internal sealed record OpenedParams(JsonElement Parameters, Failure? Failure, ImmutableArray<string> Secrets)
{
    /// <summary>The connection that the call goes through; null: none.</summary>
    private ThroughConnection? Through { get; init; }

    /// <summary>The same, for a call through a connection: its secrets are hidden too.</summary>
    internal OpenedParams With(ThroughConnection through) =>
        this with { Through = through, Secrets = [.. Secrets.Concat(through.Secrets).Distinct(StringComparer.Ordinal).OrderByDescending(value => value.Length)] };

    /// <summary>The outcome with every occurrence of a secret hidden, and what a failure says of the connection's settings.</summary>
    internal StructuredOutcome Seal(StructuredOutcome outcome)
    {
        if (Through is { } through && outcome.Failure is { } why) outcome = outcome with { Failure = through.Named(why) };
        if (Secrets.IsEmpty) return outcome;
        return outcome with
        {
            Result = Hidden(outcome.Result),
            Failure = outcome.Failure is { } failure
                ? failure with { Message = Hidden(failure.Message), Details = failure.Details is { } details ? Hidden(details) : null }
                : null,
            SideEffects = [.. outcome.SideEffects.Select(effect => effect with { Target = Hidden(effect.Target) })],
        };
    }

    private string Hidden(string text)
    {
        foreach (var secret in Secrets) text = text.Replace(secret, Redactor.Marker, StringComparison.Ordinal);
        return text;
    }

    private JsonElement Hidden(JsonElement value) => Json.Write(writer => Write(writer, value));

    private void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    writer.WritePropertyName(Hidden(member.Name));
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray()) Write(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Hidden(value.GetString()!));
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
