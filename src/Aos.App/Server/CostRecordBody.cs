using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>A cost that somebody tells: of a call that this house did not make.</summary>
internal static class CostRecordBody
{
    private const int NameChars = 200;
    private const decimal CentsMax = 9_000_000_000m;

    [Needs("costsim:write", OpenInDevelopment = true)]
    internal static async Task RecordAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        context.RefuseOtherTenant(body.TextOf("tenant_id"));
        var record = Read(context, body);
        var written = await DivergenceRoutes.Records(context).WriteAsync([record], context.RequestAborted);
        await context.ReplyAsync(
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", record.Id);
                writer.WriteBoolean("recorded", written == 1);
                writer.WriteEndObject();
            },
            written == 1 ? 201 : 200);
    }

    private static CostRecord Read(HttpContext context, JsonElement body)
    {
        var (execution, skill) = (Name(body, "execution_id"), Name(body, "skill_id"));
        var id = "manual:" + ContentHash.Hex(Encoding.UTF8.GetBytes($"{execution}\n{skill}"));
        return new CostRecord(
            context.Caller().Tenant, id, RunId.TryParse(execution, out var run) ? run : null, "", "", skill, body.TextOf("model") is null ? null : Name(body, "model"), Cents(body, "simulated_cents"),
            Cents(body, "actual_cents"), Milliseconds(body, "simulated_ms"), Milliseconds(body, "duration_ms") ?? 0, true, TypicalFigures.Version, "manual",
            Asked.Time("at", body.TextOf("at")) ?? context.RequestServices.GetRequiredService<ICluster>().Now);
    }

    private static string Name(JsonElement body, string name) =>
        body.TextOf(name) is { Length: > 0 and <= NameChars } text ? text : throw RefusedException.Wrong($"{name} is a text of 1 to {NameChars} characters.");

    private static Cents Cents(JsonElement body, string name) =>
        body.Get(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDecimal(out var cents) && cents is >= 0 and <= CentsMax
            ? new Cents(cents)
            : throw RefusedException.Wrong($"{name} is a number of cents from 0 to {CentsMax}.");

    private static int? Milliseconds(JsonElement body, string name) => body.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var ms) && ms >= 0 => ms,
        _ => throw RefusedException.Wrong($"{name} is a whole number of milliseconds, 0 or more."),
    };
}
