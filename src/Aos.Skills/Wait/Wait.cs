using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

internal sealed record WaitIn(
    [Description("Milliseconds."), Range(0, 315_360_000_000d)] decimal? Ms = null,
    [Description("Seconds."), Range(0, 315_360_000d)] decimal? Seconds = null)
{
    [Description("A duration such as 500ms, 30s or 1h30m, or a number of seconds.")]
    public JsonElement Duration { get; init; }
}

internal sealed record WaitOut(long WaitedMs);

/// <summary>
/// Waits. A step of a plan that calls it becomes a sleep of the run, which costs no memory and survives restarts; this class
/// runs only where a call must be one: for each item of a list, or to undo a step.
/// </summary>
internal sealed class Wait(TimeProvider clock) : ISkill<WaitIn, WaitOut>
{
    public SkillContract Contract { get; } = new()
    {
        Name = "wait",
        Version = "1.0.0",
        Description = "Waits for ms, seconds or a duration.",
        Effect = EffectClass.Pure,
        TypicalLatencyMs = 1_000,
        TimeoutDefault = TimeSpan.FromHours(1),
        FailureModes = [new("INVALID_INPUT", 0.01, "No time is given, or more than one.")],
        StableFields = ["waited_ms"],
        Tags = ["time"],
    };

    public JsonTypeInfo<WaitIn> Input => SkillsJson.Default.WaitIn;

    public JsonTypeInfo<WaitOut> Output => SkillsJson.Default.WaitOut;

    public async Task<SkillAnswer<WaitOut>> InvokeAsync(WaitIn input, SkillCall call, CancellationToken cancel)
    {
        var (time, _, problem) = Pauses.Read(Json.Write(writer =>
        {
            writer.WriteStartObject();
            if (input.Ms is { } ms) writer.WriteNumber("ms", ms);
            if (input.Seconds is { } seconds) writer.WriteNumber("seconds", seconds);
            if (input.Duration.ValueKind != JsonValueKind.Undefined)
            {
                writer.WritePropertyName("duration");
                input.Duration.WriteTo(writer);
            }

            writer.WriteEndObject();
        }));
        if (problem is not null) return new SkillAnswer<WaitOut>(null, FailureCatalog.Fail("INVALID_INPUT", problem));
        await Task.Delay(time, clock, cancel);
        return new SkillAnswer<WaitOut>(new WaitOut((long)time.TotalMilliseconds));
    }
}
