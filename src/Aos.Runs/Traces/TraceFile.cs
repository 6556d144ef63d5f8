using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Records as files: written from a store, checked and compared without one.</summary>
internal static class TraceFile
{
    /// <summary>
    /// Writes a record: what it is about in plain members, the signatures with their public keys, and every event as the
    /// stored text, so that the very bytes that were hashed come out of the file again.
    /// </summary>
    internal static void Write(
        Utf8JsonWriter writer, RunId run, TenantId tenant, IReadOnlyList<JournalEntry> entries, Record record, IReadOnlyList<RunSignature> signatures,
        IReadOnlyList<SigningKey> keys)
    {
        writer.WriteStartObject();
        writer.WriteString("format", TraceForms.Export);
        writer.WriteString("run_id", run.ToString());
        writer.WriteString("tenant_id", tenant.Value);
        if (record.State.Start is { } start)
        {
            writer.WriteString("agent_id", start.AgentId);
            writer.WriteString("status", record.State.Status.Wire());
            writer.WriteNumber("attempt", record.State.Attempt);
            writer.WriteString("seed", start.Seed.ToString(CultureInfo.InvariantCulture));
            writer.WriteString("plan_hash", start.Plan.Hash);
            writer.WritePropertyName("plan");
            start.Plan.Source.WriteTo(writer);
        }

        writer.WriteStartObject("schema");
        writer.WriteString("chain", "sha256(previous || body)");
        writer.WriteString("root", RootHash.Schema);
        writer.WriteString("signature", "ecdsa-p256-sha256-p1363");
        writer.WriteEndObject();
        writer.WriteString("chain_hash", entries.Count > 0 ? Convert.ToHexStringLower(entries[^1].Chain) : null);
        writer.WriteString("root_hash", record.State.End?.RootHash);
        writer.WriteStartArray("signatures");
        foreach (var signature in signatures) WriteSignature(writer, signature, keys);
        writer.WriteEndArray();
        writer.WriteStartArray("events");
        foreach (var entry in entries)
        {
            writer.WriteStartObject();
            writer.WriteNumber("seq", entry.Seq);
            writer.WriteString("kind", entry.Kind);
            writer.WriteString("at", entry.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            writer.WriteString("chain", Convert.ToHexStringLower(entry.Chain));
            writer.WriteString("body", Text(entry.Body.Span));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Checks a file of any form there is. See <see cref="RunsRoom.VerifyTrace"/>.</summary>
    internal static TraceVerdict Verify(ReadOnlyMemory<byte> file, IReadOnlySet<string>? trusted, CancellationToken cancel)
    {
        if (Parse(file) is not { } json) return TraceVerdict.Bad(TraceForms.Export, 0, null, "The file is no JSON value.");
        if (json.GetText("format") == TraceForms.Export) return VerifyExport(json, trusted, cancel);
        try
        {
            var trace = Trace11.Read(json);
            var root = trace.ComputeRoot();
            var reason = trace.Verify() ? null : trace.Finalized ? $"The root hash is {trace.RootHash}; the steps give {root}." : "The trace is not finalized.";
            return new TraceVerdict(TraceForms.Sdk, reason is null, trace.Steps.Length, null, reason, "", root, []) { Generator = trace.Origin() };
        }
        catch (TraceException e)
        {
            return TraceVerdict.Bad(TraceForms.Sdk, 0, null, e.Message);
        }
    }

    /// <summary>Checks a golden recording: its signature, and that every recorded output has its hash. See <see cref="RunsRoom.VerifyGolden"/>.</summary>
    internal static TraceVerdict VerifyGolden(ReadOnlyMemory<byte> file, string signature, string secret)
    {
        var lines = Encoding.UTF8.GetString(file.Span).Split('\n').Where(line => !string.IsNullOrWhiteSpace(line)).ToList();
        if (!Golden.Verify(file.Span, signature, secret))
            return TraceVerdict.Bad(TraceForms.Golden, lines.Count, null, "The signature does not fit: the file was changed, or signed under another secret.");
        try
        {
            return Golden.FirstWrongOutput(lines) is >= 0 and var at
                ? TraceVerdict.Bad(TraceForms.Golden, lines.Count, at + 1, $"The output of event {at + 1} does not have the hash recorded with it.")
                : new TraceVerdict(TraceForms.Golden, true, lines.Count, null, null, "", null, []);
        }
        catch (JsonException e)
        {
            return TraceVerdict.Bad(TraceForms.Golden, lines.Count, null, $"The file holds a line that is no JSON: {e.Message}");
        }
    }

    /// <summary>Replays the steps of a trace of schema 1.1 without calling anything. See <see cref="RunsRoom.ReplayTrace"/>.</summary>
    internal static IReadOnlyList<StepReplay> Replay(ReadOnlyMemory<byte> file)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        var trace = Trace11.Read(Parse(file) ?? throw new TraceException("The file is no JSON value."));
        return [.. trace.Steps.Select(step => StepReplay.Of(step, null, done))];
    }

    /// <summary>Compares two files of one form. Throws <see cref="TraceException"/> when one cannot be read.</summary>
    internal static TraceDiff Diff(ReadOnlyMemory<byte> left, ReadOnlyMemory<byte> right)
    {
        var (a, b) = (Parse(left) ?? throw new TraceException("The first file is no JSON value."), Parse(right) ?? throw new TraceException("The second file is no JSON value."));
        var exports = (a.GetText("format") == TraceForms.Export, b.GetText("format") == TraceForms.Export);
        if (exports is (false, false)) return TraceDiff.Of(Trace11.Read(a), Trace11.Read(b));
        if (exports is not (true, true)) throw new TraceException("One file is an export of AOS, the other a trace of an SDK: compare files of one form.");
        return RunDiff.Of(Read(a), Read(b));
    }

    private static TraceVerdict VerifyExport(JsonElement json, IReadOnlySet<string>? trusted, CancellationToken cancel)
    {
        if (Entries(json) is not ({ } run, { } entries, { } signatures, { } keys)) return TraceVerdict.Bad(TraceForms.Export, 0, null, "The export lacks a part: run_id, events or signatures.");
        var record = Record.Of(run, entries, 1);
        var verdict = record.Verdict([.. signatures.Select(signature => signature.KeyId).Distinct()], cancel);
        if (!verdict.Ok) return verdict;
        if (Header(json, record) is { } header) return verdict with { Ok = false, Reason = header, Keys = [] };
        if (Signatures.Wrong(run, record, signatures, id => keys.GetValueOrDefault(id)) is var (seq, reason)) return verdict with { Ok = false, Seq = seq, Reason = reason, Keys = [] };
        if (record.Heads.FirstOrDefault(head => signatures.All(signature => signature.Head.Attempt != head.Attempt)) is { } bare)
            return verdict with { Ok = false, Seq = bare.Seq, Reason = $"Attempt {bare.Attempt} of run {run} is over but not signed.", Keys = [] };
        return trusted is not null && verdict.Keys.FirstOrDefault(key => !trusted.Contains(key)) is { } stranger
            ? verdict with { Ok = false, Reason = $"The record is signed by key {stranger}, which is none of those you trust.", Keys = [] }
            : verdict;
    }

    /// <summary>The members beside the events must say what the events say.</summary>
    private static string? Header(JsonElement json, Record record)
    {
        var start = record.State.Start!;
        (string Name, string? Is, string? Should)[] members =
        [
            ("tenant_id", json.GetText("tenant_id"), start.Tenant.Value),
            ("agent_id", json.GetText("agent_id"), start.AgentId),
            ("status", json.GetText("status"), record.State.Status.Wire()),
            ("seed", json.GetText("seed"), start.Seed.ToString(CultureInfo.InvariantCulture)),
            ("plan_hash", json.GetText("plan_hash"), start.Plan.Hash),
            ("plan", json.Get("plan") is { } plan ? Hash(plan) : null, start.Plan.Hash),
            ("chain_hash", json.GetText("chain_hash"), Convert.ToHexStringLower(record.Chain)),
            ("root_hash", json.GetText("root_hash"), record.State.End?.RootHash),
        ];
        foreach (var (name, told, should) in members)
        {
            if (told != should) return $"{name} is {told ?? "absent"}; the events give {should ?? "none"}.";
        }

        return null;
    }

    private static string Hash(JsonElement plan)
    {
        try
        {
            return ContentHash.Hex(plan);
        }
        catch (CanonicalJsonException e)
        {
            return e.Message; // No plan that AOS wrote holds such a number.
        }
    }

    private static Record Read(JsonElement json)
    {
        if (Entries(json) is not ({ } run, { } entries, not null, not null)) throw new TraceException("The export lacks a part: run_id, events or signatures.");
        var record = Record.Of(run, entries, 1);
        return record.Ok ? record : throw new TraceException(record.Reason!);
    }

    private static (RunId? Run, List<JournalEntry>? Entries, List<RunSignature>? Signatures, Dictionary<string, byte[]>? Keys) Entries(JsonElement json)
    {
        if (!RunId.TryParse(json.GetText("run_id"), out var run)) return default;
        if (json.Get("events") is not { ValueKind: JsonValueKind.Array } events || json.Get("signatures") is not { ValueKind: JsonValueKind.Array } signed) return default;
        var entries = new List<JournalEntry>();
        foreach (var e in events.EnumerateArray())
        {
            _ = DateTimeOffset.TryParse(e.GetText("at"), CultureInfo.InvariantCulture, out var at);
            entries.Add(new JournalEntry(Number(e, "seq"), e.GetText("kind") ?? "", at, Encoding.UTF8.GetBytes(e.GetText("body") ?? ""), Bytes(e.GetText("chain"), Convert.FromHexString)));
        }

        var signatures = new List<RunSignature>();
        var keys = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var s in signed.EnumerateArray())
        {
            var key = Bytes(s.GetText("public_key"), Convert.FromBase64String);
            var id = s.GetText("key_id") ?? "";
            if (ContentHash.Hex(key)[..16] == id) keys[id] = key; // An id is the fingerprint of its key: another key cannot stand under it.
            signatures.Add(new RunSignature(
                new RunHead(Number(s, "attempt"), Number(s, "seq"), s.GetText("chain_hash") ?? "", s.GetText("root_hash") ?? ""), id, Bytes(s.GetText("value"), Convert.FromBase64String), default));
        }

        return (run, entries, signatures, keys);
    }

    private static void WriteSignature(Utf8JsonWriter writer, RunSignature signature, IReadOnlyList<SigningKey> keys)
    {
        writer.WriteStartObject();
        writer.WriteNumber("attempt", signature.Head.Attempt);
        writer.WriteNumber("seq", signature.Head.Seq);
        writer.WriteString("chain_hash", signature.Head.Chain);
        writer.WriteString("root_hash", signature.Head.Root);
        writer.WriteString("key_id", signature.KeyId);
        writer.WriteString("public_key", keys.FirstOrDefault(key => key.Id == signature.KeyId) is { } key ? Convert.ToBase64String(key.PublicKey) : null);
        writer.WriteString("value", Convert.ToBase64String(signature.Value));
        writer.WriteString("signed_at", signature.At);
        writer.WriteEndObject();
    }

    /// <summary>Stored bytes are UTF-8; bytes that are not (damage) show as U+FFFD and fail the chain.</summary>
    private static string Text(ReadOnlySpan<byte> body) => Encoding.UTF8.GetString(body);

    private static int Number(JsonElement value, string name) =>
        value.Get(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var n) ? n : -1;

    private static byte[] Bytes(string? text, Func<string, byte[]> decode)
    {
        try
        {
            return decode(text ?? "");
        }
        catch (FormatException)
        {
            return [];
        }
    }

    private static JsonElement? Parse(ReadOnlyMemory<byte> file)
    {
        try
        {
            return Json.Parse(file.Span.StartsWith("\uFEFF"u8) ? file.Span[3..] : file.Span);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Differences of two runs, in what is equal for equal runs: nothing of times, ids and costs.</summary>
internal static class RunDiff
{
    internal static TraceDiff Of(Record left, Record right)
    {
        var found = new TraceDiff.Found();
        var (a, b) = (left.State, right.State);
        found.Add("seed", a.Start!.Seed.ToString(CultureInfo.InvariantCulture), b.Start!.Seed.ToString(CultureInfo.InvariantCulture));
        found.Add("plan_hash", a.Plan.Hash, b.Plan.Hash);
        found.Add("inputs", ContentHash.Hex(a.Start.Inputs), ContentHash.Hex(b.Start.Inputs));
        var (x, y) = (StepView.Server(a), StepView.Server(b));
        found.Add("step_count", Json.Of(x.Length), Json.Of(y.Length));
        for (var i = 0; i < x.Length && i < y.Length; i++)
        {
            found.Add($"step[{i}].skill_name", x[i].SkillName, y[i].SkillName);
            found.Add($"step[{i}].input_hash", PythonJson.HashData(x[i].Params), PythonJson.HashData(y[i].Params));
            found.Add($"step[{i}].output_hash", StepView.OutputHash(a, x[i]), StepView.OutputHash(b, y[i]));
            found.Add($"step[{i}].status", x[i].Status, y[i].Status);
            found.Add($"step[{i}].outcome_code", x[i].Code, y[i].Code);
        }

        found.Add("status", a.Status.Wire(), b.Status.Wire());
        found.Add("root_hash", a.End?.RootHash, b.End?.RootHash);
        return new TraceDiff(found.Differences);
    }
}
