using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What a call goes to, for limits. In settings and metrics in lower case.</summary>
public enum TargetKind
{
    /// <summary>Nothing further is known: the skill itself.</summary>
    Skill,

    /// <summary>A host name or address, without its port.</summary>
    Host,

    /// <summary>A configured provider of models: whoever calls it does so under the house's key.</summary>
    Provider,
}

/// <summary>Where one call goes.</summary>
/// <param name="Name">In lower case where letters do not matter there.</param>
/// <param name="Tokens">Tokens that a model will read and write at most, as far as can be told before; 0 for what counts none.</param>
public sealed record CallTarget(TargetKind Kind, string Name, long Tokens = 0)
{
    /// <summary>The host of a URL; null when it names none.</summary>
    public static CallTarget? OfUrl(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.IdnHost is { Length: > 0 } host ? new CallTarget(TargetKind.Host, host.ToLowerInvariant()) : null;

    /// <summary>Tokens that a call of a model used; null: it does not say.</summary>
    public static long? TokensUsed(StructuredOutcome outcome)
    {
        if (outcome.Result.Get("cached") is { ValueKind: JsonValueKind.True }) return 0; // Nobody was asked.
        var usage = outcome.Result.Get("usage") ?? outcome.Result;
        return usage.Get("input_tokens") is { } input && usage.Get("output_tokens") is { } output && input.TryGetInt64(out var read) && output.TryGetInt64(out var written)
            ? read + written
            : null;
    }

    /// <summary>
    /// How long what the call goes to takes no more calls, as it said: zero when it did not say for how long, null when it takes more. A call
    /// that another provider answered, or failed to, went to the first it asked all the same.
    /// </summary>
    public static TimeSpan? Limited(StructuredOutcome outcome)
    {
        const string code = "RATE_LIMITED";
        var asked = outcome.Failure is null ? outcome.Result.Get("fallbacks") : outcome.Failure.Details?.Get("asked");
        var first = asked is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0 ? list[0] : (JsonElement?)null;
        if ((first is { } one ? one.GetText("error") : outcome.Failure?.Code) != code) return null;
        if (outcome.Failure is { } failure) return failure.Code == code ? failure.RetryAfter ?? TimeSpan.Zero : TimeSpan.Zero;
        return first?.Get("retry_after_ms") is { ValueKind: JsonValueKind.Number } told && told.TryGetInt64(out var ms) && ms is > 0 and < int.MaxValue ? TimeSpan.FromMilliseconds(ms) : TimeSpan.Zero;
    }
}

/// <summary>A skill that can tell from its input where a call goes.</summary>
public interface ITargeted<in TIn>
    where TIn : class
{
    /// <summary>Null: nowhere outside, or it cannot be told.</summary>
    CallTarget? Target(TIn input);

    /// <summary>The same for a call that may go through a connection, whose secrets are references.</summary>
    CallTarget? Target(TIn input, Connection? through) => Target(input);
}
