using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>
/// How a run stands in a file: a line with its row, then for each event a line that says what follows and one with the very bytes
/// that were hashed. Every line is JSON, and no byte of an event is written anew.
/// </summary>
internal static class ArchivedRunForm
{
    private const byte LineFeed = (byte)'\n';

    internal static void Write(IBufferWriter<byte> output, RunRow row, IReadOnlyList<JournalEntry> entries)
    {
        Line(output, writer => WriteRow(writer, row, entries.Count));
        foreach (var entry in entries)
        {
            Line(output, writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("seq", entry.Seq);
                writer.WriteString("kind", entry.Kind);
                writer.WriteString("at", Time(entry.At));
                writer.WriteString("chain", Convert.ToHexStringLower(entry.Chain));
                writer.WriteNumber("bytes", entry.Body.Length);
                writer.WriteEndObject();
            });
            output.Write(entry.Body.Span);
            output.Write([LineFeed]);
        }
    }

    /// <summary>
    /// The runs of a block as far as they can be read, in their order; the last one may lack events when the block breaks off. Throws for
    /// bytes that are no such lines: <see cref="JsonException"/>, <see cref="FormatException"/>, <see cref="InvalidDataException"/> and their like.
    /// </summary>
    internal static IEnumerable<(RunRow Row, int Events, IEnumerable<JournalEntry> Entries)> Read(Stream input)
    {
        using var lines = new BinaryLines(input);
        while (lines.Next() is { } head)
        {
            var json = Json.ParseWrapped(head);
            if (json.Get("run") is not { } run) yield break; // What describes the file comes after its runs.
            var (row, events) = (ReadRow(run), Number(json, "events"));
            yield return (row, events, Entries(lines, events));
        }
    }

    private static IEnumerable<JournalEntry> Entries(BinaryLines lines, int events)
    {
        for (var i = 0; i < events; i++)
        {
            var json = Json.ParseWrapped(lines.Next() ?? throw new InvalidDataException("The file ends before the run does."));
            var body = lines.Take(Number(json, "bytes"));
            yield return new JournalEntry(
                Number(json, "seq"), Text(json, "kind"), Time(Text(json, "at")), body, Convert.FromHexString(Text(json, "chain")));
        }
    }

    private static void Line(IBufferWriter<byte> output, Action<Utf8JsonWriter> write)
    {
        using (var writer = new Utf8JsonWriter(output)) write(writer);
        output.Write([LineFeed]);
    }

    private static void WriteRow(Utf8JsonWriter writer, RunRow row, int events)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("run");
        writer.WriteString("id", row.Id.Value);
        writer.WriteString("tenant", row.Tenant.Value);
        writer.WriteString("agent", row.AgentId);
        Write(writer, "workflow", row.Workflow);
        Write(writer, "goal", row.Goal);
        writer.WriteString("status", row.Status.Wire());
        writer.WriteStartObject("labels");
        foreach (var label in row.Labels.OrderBy(label => label.Key, StringComparer.Ordinal)) writer.WriteString(label.Key, label.Value);
        writer.WriteEndObject();
        writer.WriteNumber("last_seq", row.Seq);
        Write(writer, "parent", row.Parent?.ToString());
        writer.WriteNumber("attempt", row.Attempt);
        writer.WriteNumber("spent", row.Spent.ToMicros());
        if (row.Budget is { } budget) writer.WriteNumber("budget", budget.ToMicros());
        writer.WriteString("created_at", Time(row.CreatedAt));
        writer.WriteString("updated_at", Time(row.UpdatedAt));
        Write(writer, "ended_at", row.EndedAt is { } ended ? Time(ended) : null);
        Write(writer, "failure_code", row.FailureCode);
        Write(writer, "root_hash", row.RootHash);
        writer.WriteNumber("min_rule", row.MinRule);
        writer.WriteNumber("priority", row.Priority);
        writer.WriteEndObject();
        writer.WriteNumber("events", events);
        writer.WriteEndObject();
    }

    private static RunRow ReadRow(JsonElement json) => new()
    {
        Id = RunId.TryParse(Text(json, "id"), out var id) ? id : throw new FormatException("The run has no id."),
        Tenant = new TenantId(Text(json, "tenant")),
        AgentId = Text(json, "agent"),
        Workflow = json.GetText("workflow"),
        Goal = json.GetText("goal"),
        Status = Enum.GetValues<RunStatus>().First(status => status.Wire() == Text(json, "status")),
        Labels = json.GetProperty("labels").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!, StringComparer.Ordinal),
        Seq = Number(json, "last_seq"),
        Parent = RunId.TryParse(json.GetText("parent") ?? "", out var parent) ? parent : null,
        Attempt = Number(json, "attempt"),
        Spent = Cents.FromMicros(json.GetProperty("spent").GetInt64()),
        Budget = json.Get("budget") is { } budget ? Cents.FromMicros(budget.GetInt64()) : null,
        CreatedAt = Time(Text(json, "created_at")),
        UpdatedAt = Time(Text(json, "updated_at")),
        EndedAt = json.GetText("ended_at") is { } ended ? Time(ended) : null,
        FailureCode = json.GetText("failure_code"),
        RootHash = json.GetText("root_hash"),
        MinRule = Number(json, "min_rule"),
        Priority = Number(json, "priority"),
    };

    private static void Write(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null) writer.WriteString(name, value);
    }

    private static string Text(JsonElement json, string name) => json.GetText(name) ?? throw new FormatException($"{name} is missing.");

    private static int Number(JsonElement json, string name) => json.GetProperty(name).GetInt32();

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
