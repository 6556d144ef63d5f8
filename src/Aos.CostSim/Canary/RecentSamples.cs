using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>A record of the provenance as stored.</summary>
internal sealed record StoredSimulation(string Id, string Variant, string InputHash, string OutputHash, DateTimeOffset At, byte[] Payload);

/// <summary>Recent simulations as samples, and what is wrong with those that cannot be one.</summary>
/// <param name="Read">Records that were looked at.</param>
internal sealed record Recent(ImmutableArray<CanarySample> Samples, ImmutableArray<string> Damaged, int Read)
{
    private const int IdChars = 16;

    /// <summary>Questions that are kept by their hash alone are left out: they cannot be asked again.</summary>
    internal static Recent Of(IReadOnlyCollection<StoredSimulation> records)
    {
        var (samples, damaged) = (ImmutableArray.CreateBuilder<CanarySample>(), ImmutableArray.CreateBuilder<string>());
        foreach (var record in records)
        {
            try
            {
                var payload = Payload.Unpack(record.Payload);
                if (payload.Get("question") is { } question) samples.Add(Sample(record, payload, question));
            }
            catch (Exception e) when (e is InvalidDataException or JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
            {
                var why = e is DamagedException ? e.Message : "its payload cannot be read";
                damaged.Add($"record {record.Id[..IdChars]} of {record.At.UtcDateTime:yyyy-MM-dd}: {why}");
            }
        }

        return new Recent(samples.ToImmutable(), damaged.ToImmutable(), records.Count);
    }

    private static CanarySample Sample(StoredSimulation record, JsonElement payload, JsonElement asked)
    {
        var question = new CostQuestion(
            [.. asked.GetProperty("plan").EnumerateArray().Select(step => new CostStep(step.GetText("skill") ?? throw new FormatException("A step has no skill."), step.GetProperty("params")))],
            asked.GetProperty("budget_cents").GetInt64(), []);
        if (CostForms.InputHash(question) != record.InputHash) throw new DamagedException("hash mismatch, its question is not the one that was asked");
        var sample = new CanarySample(record.InputHash[..IdChars], null, question, Answer(payload, "v1"), Answer(payload, "v2"), record.At);
        return (record.Variant == "v1" ? sample.First : sample.Second)?.Answer.Hash() == record.OutputHash
            ? sample
            : throw new DamagedException("hash mismatch, its answer is not the one that was given");
    }

    private static ApprovedAnswer? Answer(JsonElement payload, string variant) =>
        payload.Get(variant) is { } answer ? new ApprovedAnswer(answer.GetText("model_version") ?? "", ModelAnswer.Read(answer), ApprovedAnswer.Recorded) : null;

    /// <summary>A record can be read, and is not the one that was written.</summary>
    private sealed class DamagedException(string message) : FormatException(message);
}
