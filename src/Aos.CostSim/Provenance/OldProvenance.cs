using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Records of the older system's files: what its second model said, or what was once paid for a plan.</summary>
internal static class OldProvenance
{
    /// <summary>Characters of a name of a record.</summary>
    private const int NameChars = 200;

    /// <summary>Bytes that a compressed text of a record may unpack to.</summary>
    private const int BytesMax = 16 * 1024 * 1024;

    /// <summary>The record, or a sentence about what is wrong with it.</summary>
    /// <param name="tenant">Whose it is where it names nobody.</param>
    /// <param name="mayNameOthers">False: a record of another tenant is refused.</param>
    /// <param name="now">Stands where a record has no time of its own.</param>
    internal static (ProvenanceRecord? Record, string? Problem) Read(JsonElement line, TenantId tenant, bool mayNameOthers, DateTimeOffset now)
    {
        if (line.ValueKind != JsonValueKind.Object) return (null, "It is no object.");
        if (line.GetText("tenant_id") is { Length: > 0 } named && named != tenant.Value)
        {
            if (!mayNameOthers) return (null, $"Its tenant_id is another one than {tenant}. Backfill it with a key of that tenant.");
            if (named.Length > 64 || !named.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')) return (null, "Its tenant_id is no name of a tenant.");
            tenant = new TenantId(named);
        }

        try
        {
            return line.Get("output_json") is not null ? (OfModel(line, tenant, now), null)
                : line.Get("plan") is not null && line.Get("cost_cents") is not null ? (OfPayment(line, tenant, now), null)
                : (null, "It has neither output_json nor plan and cost_cents.");
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidDataException or OverflowException or InvalidOperationException)
        {
            return (null, e.Message);
        }
    }

    /// <summary>The files hold answers of the second model, whatever they were filed as.</summary>
    private static ProvenanceRecord OfModel(JsonElement line, TenantId tenant, DateTimeOffset now)
    {
        var packed = line.Get("compressed") is { ValueKind: JsonValueKind.True };
        var (input, output) = (Text(line, "input_json", packed), Text(line, "output_json", packed));
        return new ProvenanceRecord(
            tenant, Run(line), "v2", "backfill", Name(line, "model_version") ?? "unknown", Hash(line, "input_hash") ?? ContentHash.Hex(input), Hash(line, "output_hash") ?? ContentHash.Hex(output), null,
            Cents(output, "estimated_cost_cents"), null, null, null, Name(line, "status") ?? output.GetText("status") ?? "unknown", Whole(line, "runtime_ms"), Time(line, now),
            Simulated.Both(input, output));
    }

    private static ProvenanceRecord OfPayment(JsonElement line, TenantId tenant, DateTimeOffset now)
    {
        var input = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WritePropertyName("plan");
            line.GetProperty("plan").WriteTo(writer);
            writer.WriteEndObject();
        });
        var output = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("cost_cents", Cents(line, "cost_cents"));
            writer.WriteNumber("duration_ms", Whole(line, "duration_ms"));
            writer.WriteEndObject();
        });
        return new ProvenanceRecord(
            tenant, Run(line), "actual", "backfill", Name(line, "model_version") ?? "unknown", ContentHash.Hex(input), ContentHash.Hex(output), null, null, Cents(line, "cost_cents"), null, null,
            Name(line, "status") ?? "success", Whole(line, "duration_ms"), Time(line, now), Simulated.Both(input, output));
    }

    private static JsonElement Text(JsonElement line, string name, bool packed)
    {
        var value = line.Get(name) ?? throw new FormatException($"It has no {name}.");
        if (value.ValueKind != JsonValueKind.String) return value;
        return packed ? Json.Parse(Unpack(Convert.FromBase64String(value.GetString()!), name)) : Json.Parse(value.GetString()!);
    }

    private static byte[] Unpack(byte[] packed, string name)
    {
        using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        var buffer = new byte[81_920];
        for (int read; (read = gzip.Read(buffer)) > 0;)
        {
            plain.Write(buffer, 0, read);
            if (plain.Length > BytesMax) throw new FormatException($"Its {name} unpacks to more than 16 MiB.");
        }

        return plain.ToArray();
    }

    private static decimal Cents(JsonElement of, string name) => of.Get(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDecimal(out var cents) && cents is >= 0 and <= 9_000_000_000m
        ? cents
        : throw new FormatException($"{name} is no number of cents from 0 to 9,000,000,000.");

    private static int Whole(JsonElement of, string name) => of.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => 0,
        { ValueKind: JsonValueKind.Number } number when number.TryGetDouble(out var value) && value is >= 0 and <= int.MaxValue => (int)value,
        _ => throw new FormatException($"{name} is no number of milliseconds."),
    };

    private static string? Name(JsonElement of, string name) => of.GetText(name) is not { Length: > 0 } text ? null
        : text.Length <= NameChars && !text.Contains('\0', StringComparison.Ordinal) ? text
        : throw new FormatException($"{name} is no text of at most {NameChars} characters.");

    private static string? Hash(JsonElement of, string name) => of.GetText(name) is { Length: 64 } hash && hash.All(char.IsAsciiHexDigitLower) ? hash : null;

    /// <summary>A name that is no id of a run of this kind stays in the payload alone.</summary>
    private static RunId? Run(JsonElement line) => RunId.TryParse(line.GetText("run_id"), out var run) ? run : null;

    private static DateTimeOffset Time(JsonElement line, DateTimeOffset now) => line.GetText("timestamp") is not { Length: > 0 } text ? now
        : DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal | System.Globalization.DateTimeStyles.AdjustToUniversal, out var at) ? at
        : throw new FormatException("timestamp is no time such as 2026-01-31T12:00:00Z.");
}
