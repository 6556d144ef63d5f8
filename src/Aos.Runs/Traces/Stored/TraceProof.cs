using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Holds a trace against the root hash it came with.</summary>
internal static class TraceProof
{
    /// <summary>Steps whose hashes a refusal shows.</summary>
    private const int ShownMax = 100;

    /// <summary>The trace with its root, or why it is refused: what was expected, and the root after each step, so that whoever sent it finds the step.</summary>
    internal static (ClientTrace? Trace, Failure? Refusal) Of(ClientTrace trace)
    {
        var chain = trace.Sdk.Chain();
        var given = trace.Sdk.RootHash;
        if (given is null || given == chain[^1]) return (trace with { Sdk = trace.Sdk with { RootHash = chain[^1] } }, null);
        var steps = trace.Steps.Count;
        var at = chain.IndexOf(given);
        var where = at >= 0 ? string.Create(CultureInfo.InvariantCulture, $" It is the root before step {at}: steps from {at} on are not in it.")
            : steps == 0 ? " The trace has no steps: seed, timestamp or tenant_id differ."
            : " The details hold the root after each step as it is computed here: the first that differs from yours is the step.";
        var message = string.Create(CultureInfo.InvariantCulture, $"trace.root_hash: {Short(given)} was given, {chain[^1]} is expected after step {steps - 1} (schema 1.1).{where}");
        return (null, FailureCatalog.Fail("INVALID_INPUT", message, null, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("root_hash", Short(given));
            writer.WriteString("expected_root_hash", chain[^1]);
            if (at >= 0) writer.WriteNumber("step_index", at);
            writer.WriteString("before_steps", chain[0]);
            writer.WriteStartArray("steps");
            for (var i = 0; i < Math.Min(steps, ShownMax); i++)
            {
                writer.WriteStartObject();
                writer.WriteNumber("step_index", i);
                writer.WriteString("step_hash", trace.Sdk.Steps[i].Hash());
                writer.WriteString("root_hash", chain[i + 1]);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        })));
    }

    private static string Short(string text) => text.Length > 64 ? text[..64] : text;
}
