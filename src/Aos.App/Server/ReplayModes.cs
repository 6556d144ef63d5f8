using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>The <c>mode</c> of a replay. A request without one is answered as it always was; one that names it is told of every step.</summary>
internal static class ReplayModes
{
    private static readonly string[] Names = ["dry-run", "verify", "re-execute"];

    internal static ReplayMode Of(JsonElement body, bool isDry)
    {
        if (body.TextOf("mode") is not { } name) return isDry ? ReplayMode.Dry : ReplayMode.Mock;
        var at = Array.IndexOf(Names, name);
        if (at < 0) throw RefusedException.Wrong("mode is verify, re-execute or dry-run.");
        return isDry && at != (int)ReplayMode.Dry ? throw RefusedException.Wrong($"mode {name} and dry_run contradict each other: leave one of them out.") : (ReplayMode)at;
    }

    internal static string Name(ReplayMode mode) => Names[(int)mode];

    internal static void Write(Utf8JsonWriter writer, ReplayMode mode, ImmutableArray<ReplayedStep> steps)
    {
        writer.WriteString("mode", Name(mode));
        writer.WriteStartArray("steps");
        foreach (var step in steps)
        {
            writer.WriteStartObject();
            writer.WriteNumber("index", step.Index);
            writer.WriteString("id", step.Id);
            writer.WriteString("skill", step.Name);
            writer.WriteString("result", step.Action.ToString().ToLowerInvariant());
            writer.WriteString("reason", step.Reason);
            if (step.Recorded is { } recorded) writer.WriteString("recorded_hash", recorded);
            if (step.Now is { } now) writer.WriteString("replay_hash", now);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
