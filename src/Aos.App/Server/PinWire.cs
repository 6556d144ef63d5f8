using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Entries of the memory as clients read them.</summary>
internal static class PinWire
{
    /// <summary>The strong entity tag of a version.</summary>
    internal static string Tag(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>Answers with what was written, or refuses.</summary>
    internal static Task ReplyAsync(this HttpContext context, PinMade? made, Failure? refusal, int status)
    {
        if (refusal is not null) throw PinRequest.Refused(refusal);
        context.Response.Headers.ETag = Tag(made!.After.Version);
        if (made.IsRepeat) context.Response.Headers["Idempotency-Replayed"] = "true";
        else context.ChangedHash(made.Before?.Hash, made.After.Hash);
        return context.ReplyAsync(writer => Write(writer, made.After), status);
    }

    internal static void Write(Utf8JsonWriter writer, Pin pin)
    {
        writer.WriteStartObject();
        writer.WriteNumber("id", pin.Id);
        writer.WriteString("tenant_id", pin.Tenant.Value);
        writer.WriteString("key", pin.Key);
        writer.WritePropertyName("value");
        pin.Value.WriteTo(writer);
        writer.WriteString("source", pin.Source);
        writer.WriteNumber("version", pin.Version);
        writer.WriteString("hash", pin.Hash);
        writer.WriteString("created_at", pin.CreatedAt.UtcDateTime);
        writer.WriteString("updated_at", pin.UpdatedAt.UtcDateTime);
        if (pin.TtlSeconds is { } ttl) writer.WriteNumber("ttl_seconds", ttl);
        else writer.WriteNull("ttl_seconds");
        IdentityWire.WriteTime(writer, "expires_at", pin.ExpiresAt);
        writer.WriteEndObject();
    }
}

/// <summary>Where a page of entries begins, as text that says nothing to whoever carries it.</summary>
internal static class PinCursor
{
    internal static string Text(PinPlace place) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
        place.Key is { } key ? $"k{key}" : string.Create(CultureInfo.InvariantCulture, $"n{place.CreatedAt}.{place.Id}")));

    /// <summary>Null: it is no cursor of this order.</summary>
    internal static PinPlace? Read(string text, PinOrder order)
    {
        try
        {
            var plain = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Base64Url.DecodeFromChars(text));
            if (order == PinOrder.Key) return plain is ['k', .. var key] && MemoryKey.Problem(key) is null ? new PinPlace(0, 0, key) : null;
            return plain is ['n', .. var numbers] && numbers.Split('.') is [var at, var id] && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
                && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? new PinPlace(ticks, number, null)
                : null;
        }
        catch (Exception e) when (e is FormatException or DecoderFallbackException)
        {
            return null;
        }
    }
}
