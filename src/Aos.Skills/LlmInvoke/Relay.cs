using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What came of asking one provider after another.</summary>
/// <param name="Asked">The request as the last of them got it.</param>
/// <param name="Before">Those that could not answer.</param>
internal sealed record RelayReply(ModelRequest Asked, ModelReply Reply, bool Cached, bool Always, ImmutableArray<FallbackOut> Before);

/// <summary>
/// Asks the provider of a call, and when it cannot answer the next one that the call names. Each is asked once, in its share of
/// the time that is left; what each bills is paid.
/// </summary>
internal sealed class Relay(ModelsOptions options, ModelCaller caller, ModelKeys keys, AnswerCache cache, TimeProvider clock, IDeltas? deltas = null)
{
    /// <summary>Of these another provider may know nothing. What is wrong with the question itself stays wrong elsewhere.</summary>
    private static readonly FrozenSet<string> Unavailable = new[]
    {
        "CONNECTION_REFUSED", "CONNECTION_RESET", "DNS_FAILURE", "LLM_AUTH_FAILED", "LLM_ERROR", "LLM_INVALID_RESPONSE", "QUOTA_EXHAUSTED", "RATE_LIMITED", "TIMEOUT", "TLS_FAILURE",
    }.ToFrozenSet(StringComparer.Ordinal);

    internal async Task<RelayReply> AskAsync(ModelRequest request, SkillCall call, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        var before = ImmutableArray.CreateBuilder<FallbackOut>();
        var failures = new List<Failure>();
        for (var at = 0; ; at++)
        {
            var left = at == 0 ? request.Timeout : request.Timeout - clock.GetElapsedTime(began);
            var shared = left > TimeSpan.Zero ? left / (request.Fallbacks.Length + 1 - at) : TimeSpan.Zero;
            var asked = Asked(request, at) with { Timeout = shared };
            var reply = await OneAsync(asked, call, cancel);
            if (reply.Reply.Failure is not { } failure) return reply with { Before = before.ToImmutable() };
            failures.Add(failure);
            var next = Next(request, at, failure);
            if (next < 0) return reply with { Reply = reply.Reply with { Failure = Told(failures, before) }, Before = before.ToImmutable() };
            before.Add(new FallbackOut(asked.Provider, asked.Model, failure.Code, failure.Message, Cost(asked, reply.Reply.Draft).Value, (long?)failure.RetryAfter?.TotalMilliseconds));
            at = next - 1;
        }
    }

    internal Cents Cost(ModelRequest asked, AnswerDraft draft) => draft.Begun
        ? options.Prices.Cost(asked.Provider, asked.Model, draft.Usage(asked).Usage, DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime))
        : Cents.Zero;

    private static ModelRequest Asked(ModelRequest request, int at) =>
        at == 0 ? request : request with { Provider = request.Fallbacks[at - 1].Provider, Model = request.Fallbacks[at - 1].Model };

    /// <summary>The place of the one who is asked next, or below 0.</summary>
    private static int Next(ModelRequest request, int at, Failure failure)
    {
        var isTooLong = failure.Code == "LLM_CONTEXT_EXCEEDED";
        if (!isTooLong && !Unavailable.Contains(failure.Code)) return -1;
        for (var next = at + 1; next <= request.Fallbacks.Length; next++)
        {
            if (!isTooLong || request.Fallbacks[next - 1].OnContextExceeded) return next;
        }

        return -1;
    }

    private async Task<RelayReply> OneAsync(ModelRequest asked, SkillCall call, CancellationToken cancel)
    {
        if (await cache.FindAsync(call.Tenant, asked, cancel) is { } kept) return new RelayReply(asked, kept, Cached: true, Always: true, []);
        var configured = options.Endpoints.First(one => one.Name == asked.Provider);
        var (endpoint, refusal) = await keys.OfAsync(configured, LlmContract.Name, call, cancel);
        if (refusal is not null) return new RelayReply(asked, new ModelReply(new AnswerDraft(), refusal), false, false, []);
        var reply = await caller.AskAsync(endpoint, asked, Teller.Of(deltas, call, endpoint), cancel);
        if (endpoint.Hidden is { } key) reply.Draft.Hide(key);
        return new RelayReply(asked, reply, false, asked.Seed is not null && endpoint.Seeds && endpoint.Wire == ModelWire.OpenAi, []);
    }

    /// <summary>
    /// The failure of a call whose last provider failed too. When none of them could answer it is the first that may be over at
    /// another try; what one of them said of the question itself counts by itself.
    /// </summary>
    private static Failure Told(List<Failure> failures, IReadOnlyList<FallbackOut> before)
    {
        var last = failures[^1];
        if (before.Count == 0) return last;
        var told = Unavailable.Contains(last.Code) ? failures.Find(failure => failure.Retryable) ?? failures[0] : last;
        return told with
        {
            Details = Json.Write(writer =>
            {
                writer.WriteStartObject();
                if (told.Details is { ValueKind: JsonValueKind.Object } details)
                {
                    foreach (var member in details.EnumerateObject()) member.WriteTo(writer);
                }

                writer.WriteStartArray("asked");
                foreach (var one in before) WriteOne(writer, one.Provider, one.Model, one.Error);
                writer.WriteEndArray();
                writer.WriteString("last_error", last.Code);
                writer.WriteEndObject();
            }),
        };
    }

    private static void WriteOne(Utf8JsonWriter writer, string provider, string model, string error)
    {
        writer.WriteStartObject();
        writer.WriteString("provider", provider);
        writer.WriteString("model", model);
        writer.WriteString("error", error);
        writer.WriteEndObject();
    }
}
