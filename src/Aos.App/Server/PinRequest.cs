using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>What a request asks of the memory, checked.</summary>
internal static class PinRequest
{
    internal const string Source = "api";

    private const int KeyChars = 255;

    /// <summary>The door; refused (503) where this house keeps no memory.</summary>
    internal static IPins Pins(this HttpContext context) => context.RequestServices.GetRequiredService<IPins>() is { IsOn: true } pins
        ? pins
        : throw new RefusedException(FailureCatalog.Fail("NOT_AVAILABLE", "The memory is switched off on this server: MEMORY_PINS_ENABLED is false."), StatusCodes.Status503ServiceUnavailable);

    /// <summary>A caller of the house acts for the tenant that is named; everybody else must name their own.</summary>
    internal static void ForTenant(this HttpContext context, string? named)
    {
        if (named is { Length: > 0 } && context.Caller() is { IsHouse: true } caller && named != caller.Tenant.Value) context.ActAs(caller with { Tenant = Asked.Tenant("tenant_id", named) });
        else context.RefuseOtherTenant(named);
    }

    internal static string KeyOfPath(this HttpContext context) => (string)context.Request.RouteValues["key"]!;

    /// <summary>The key of the path; what is no key can't have been written.</summary>
    internal static string ExistingKey(this HttpContext context) => MemoryKey.Problem(context.KeyOfPath()) is null ? context.KeyOfPath() : throw Unknown(context.KeyOfPath());

    internal static RefusedException Unknown(string key) => new(FailureCatalog.Fail("NOT_FOUND", $"There is no entry {Asked.Short(key)} in the memory; aos memory list shows them."));

    internal static RefusedException Refused(Failure refusal) => new(refusal, refusal.Code == "INVALID_INPUT" ? 422 : null);

    internal static PinWish Wish(JsonElement body, string key, string source)
    {
        var keeps = Flag(body, "keep_ttl");
        if (keeps && body.Get("ttl_seconds") is not null) throw RefusedException.Wrong("Give ttl_seconds or keep_ttl, not both.");
        return new PinWish(key, body.Get("value") ?? throw RefusedException.Wrong("value is missing."), body.TextOf("source") ?? source, Seconds(body)) { KeepsTtl = keeps };
    }

    /// <summary>Without a word about it an entry that is changed lives as long again as it was given.</summary>
    internal static PinTtl Ttl(JsonElement body)
    {
        if (!Flag(body, "keep_ttl")) return body.Get("ttl_seconds") is null ? new PinTtl(PinTtlRule.Renewed) : new PinTtl(PinTtlRule.Given, Seconds(body));
        return body.Get("ttl_seconds") is null ? new PinTtl(PinTtlRule.Kept) : throw RefusedException.Wrong("Give ttl_seconds or keep_ttl, not both.");
    }

    /// <summary>The same out of the query.</summary>
    internal static PinTtl Ttl(HttpContext context)
    {
        var (keeps, text) = (context.Flag("keep_ttl"), context.Text("ttl_seconds"));
        if (keeps && text is not null) throw RefusedException.Wrong("Give ttl_seconds or keep_ttl, not both.");
        if (text is null) return new PinTtl(keeps ? PinTtlRule.Kept : PinTtlRule.Renewed);
        return new PinTtl(PinTtlRule.Given, text == "none" ? null : context.Whole("ttl_seconds", 0, IPins.TtlSecondsMax, 0));
    }

    internal static PinFilter Filter(HttpContext context)
    {
        var order = context.Text("order") switch
        {
            null or "created_at" => PinOrder.Newest,
            "key" => PinOrder.Key,
            _ => throw RefusedException.Wrong("order is created_at or key."),
        };
        var (offset, cursor) = (context.Whole("offset", 0, int.MaxValue, 0), context.Text("cursor"));
        if (cursor is not null && offset > 0) throw RefusedException.Wrong("Give cursor or offset, not both.");
        return new PinFilter(context.Text("prefix"), context.Whole("limit", 1, 1_000, 100), offset, context.Flag("include_expired"))
        {
            Order = order, After = cursor is null ? null : PinCursor.Read(cursor, order) ?? throw RefusedException.Wrong("cursor is none of this list; take next_cursor of a page in the same order."),
        };
    }

    /// <summary><c>If-Match</c> and <c>If-None-Match: *</c> of a write.</summary>
    internal static PinCondition PinCondition(this HttpContext context)
    {
        var (match, none) = (context.Request.Headers.IfMatch, context.Request.Headers.IfNoneMatch);
        if (match.Count > 0 && none.Count > 0) throw RefusedException.Wrong("Give If-Match or If-None-Match, not both.");
        if (none.Count > 0) return none is ["*"] ? new PinCondition(false) : throw RefusedException.Wrong("If-None-Match of a write is *: only if there is no entry yet.");
        if (match.Count == 0) return Contracts.PinCondition.None;
        return match is ["*"] ? new PinCondition(true) : new PinCondition(true, [.. Tags("If-Match", match).Where(tag => !tag.IsWeak).Select(tag => tag.Version)]);
    }

    /// <summary>True: the client says that it has this version (<c>If-None-Match</c> of a read).</summary>
    internal static bool KnowsVersion(this HttpContext context, long version) =>
        context.Request.Headers.IfNoneMatch is { Count: > 0 } none && (none is ["*"] || Tags("If-None-Match", none).Any(tag => tag.Version == version));

    internal static string? PinKey(this HttpContext context)
    {
        var key = context.Request.Headers["Idempotency-Key"] is [{ Length: > 0 } header] ? Asked.Storable("Idempotency-Key", header) : null;
        return key is { Length: > KeyChars } ? throw RefusedException.Wrong($"Idempotency-Key has 1 to {KeyChars} characters.") : key;
    }

    internal static bool Flag(this HttpContext context, string name) => context.Text(name) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw RefusedException.Wrong($"{name} is true or false."),
    };

    internal static bool Flag(JsonElement body, string name) => body.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.False or JsonValueKind.Null } => false,
        { ValueKind: JsonValueKind.True } => true,
        _ => throw RefusedException.Wrong($"{name} is true or false."),
    };

    private static int? Seconds(JsonElement body) => body.Get("ttl_seconds") switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var seconds) => seconds,
        _ => throw RefusedException.Wrong($"ttl_seconds is a whole number from 0 to {IPins.TtlSecondsMax}."),
    };

    /// <summary>A tag that no version has given is one that nothing matches.</summary>
    private static ImmutableArray<(long Version, bool IsWeak)> Tags(string header, IEnumerable<string?> values)
    {
        var tags = ImmutableArray.CreateBuilder<(long, bool)>();
        foreach (var text in values.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            var isWeak = text.StartsWith("W/", StringComparison.Ordinal);
            if ((isWeak ? text[2..] : text) is not ['"', .. var inner, '"']) throw RefusedException.Wrong($"{header} is *, or entity tags such as \"12\".");
            tags.Add((long.TryParse(inner, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : -1, isWeak));
        }

        return tags.ToImmutable();
    }
}
