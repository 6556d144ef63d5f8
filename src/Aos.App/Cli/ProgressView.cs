using System.Globalization;
using System.Text.Json;
using Aos.Client;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary>
/// Shows a run's events as lines on standard error: one for every step that ends, and on a terminal a last line that
/// says what is going on.
/// </summary>
internal sealed class ProgressView(bool isTerminal)
{
    private readonly Dictionary<int, (int Done, int All)> items = [];
    private readonly HashSet<int> told = [];
    private List<(string Id, string Action)> steps = [];
    private int width;

    internal static bool IsTerminal => !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");

    internal void Show(RunEventMessage message)
    {
        if (message.Body.Get("data") is not { } data) return;
        switch (message.Kind)
        {
            case "run.started.v1":
                Start(data);
                break;
            case "step.started.v1":
                Now(data);
                break;
            case "items.listed.v1":
                items[Step(data)] = (0, data.Get("items")?.GetArrayLength() ?? 0);
                break;
            case "call.succeeded.v1":
                Succeeded(data);
                break;
            case "call.failed.v1":
                Failed(data);
                break;
            case "call.unknown.v1":
                Line('?', Index(data), "OUTCOME_UNKNOWN", 33);
                break;
            case "wait.started.v1":
                Wait(data);
                break;
            case "step.ended.v1":
                Ended(data);
                break;
            case "run.begun.v1":
                Write("  run begun");
                break;
            case "run.paused.v1" or "run.resumed.v1" or "run.retried.v1" or "run.quarantined.v1" or "compensation.started.v1":
                Write($"  {message.Kind[..^3].Replace('.', ' ')} {data.GetText("reason")}");
                break;
        }
    }

    /// <summary>Takes the last line away.</summary>
    internal void Close()
    {
        if (width > 0) Console.Error.Write("\r\x1b[K");
        width = 0;
    }

    private void Start(JsonElement data)
    {
        if (data.Get("plan")?.Get("steps") is { ValueKind: JsonValueKind.Array } listed)
            steps = [.. listed.EnumerateArray().Select((step, i) => (step.GetText("id") ?? i.ToString(CultureInfo.InvariantCulture), Action(step)))];
    }

    private static string Action(JsonElement step) => step.GetText("skill")
        ?? new[] { "sleep", "await", "run", "agent" }.FirstOrDefault(name => step.Get(name) is not null) ?? "";

    private void Succeeded(JsonElement data)
    {
        var step = Index(data);
        if (items.TryGetValue(step, out var progress))
        {
            items[step] = progress = (progress.Done + 1, progress.All);
            if (progress.Done < progress.All) Live($"{Name(step)} {progress.Done}/{progress.All}");
            else Told('+', step, $"{progress.All} items", 32);
        }
        else
        {
            Told('+', step, Latency(data), 32);
        }
    }

    private void Failed(JsonElement data)
    {
        var code = data.Get("outcome")?.Get("failure")?.GetText("code");
        var again = data.GetText("retry_at") is { } at && DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, out var time) ? $", again at {time.ToLocalTime():HH:mm:ss.f}" : "";
        if (again.Length == 0) Told('-', Index(data), code ?? "", 31);
        else Line('~', Index(data), code + again, 33);
    }

    private void Wait(JsonElement data)
    {
        var until = data.GetText("until") is { } at && DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, out var time) ? $" until {time.ToLocalTime():HH:mm:ss}" : "";
        var what = data.GetText("signal") is { } signal ? $"waits for signal {signal}" : data.GetText("child") is { } child ? $"runs {child}" : "waits";
        Line('.', Step(data), what + until, 36);
    }

    private void Ended(JsonElement data)
    {
        var status = data.GetText("status")?.ToLowerInvariant() ?? "";
        if (told.Remove(Step(data))) return; // Its last call has told.
        var (mark, colour) = status switch { "succeeded" => ('+', 32), "skipped" => ('/', 36), _ => ('-', 31) };
        Line(mark, Step(data), data.Get("failure")?.GetText("code") is { } code ? $"{status} {code}" : status, colour);
    }

    private void Now(JsonElement data)
    {
        var step = Index(data);
        if (!items.ContainsKey(step)) Live(Name(step));
    }

    private void Live(string text)
    {
        if (!isTerminal) return;
        Close();
        var line = $"  … {text}";
        Console.Error.Write(line);
        width = line.Length;
    }

    private void Told(char mark, int step, string text, int colour)
    {
        told.Add(step);
        Line(mark, step, text, colour);
    }

    private void Line(char mark, int step, string text, int colour)
    {
        var (id, action) = step >= 0 && step < steps.Count ? steps[step] : (step.ToString(CultureInfo.InvariantCulture), "");
        var sign = isTerminal ? $"\x1b[{colour}m{mark}\x1b[0m" : mark.ToString();
        Write($"  {sign} {id,-18} {action,-16} {text}".TrimEnd());
    }

    private void Write(string line)
    {
        Close();
        Console.Error.WriteLine(line);
    }

    private string Name(int step) => step >= 0 && step < steps.Count ? $"{steps[step].Id} {steps[step].Action}" : "";

    private static int Step(JsonElement data) => data.Get("step") is { ValueKind: JsonValueKind.Number } step && step.TryGetInt32(out var index) ? index : -1;

    private static int Index(JsonElement data) => EffectId.TryParse(data.GetText("effect"), out var effect) ? effect.Step : -1;

    private static string Latency(JsonElement data) =>
        data.Get("outcome")?.Get("latency_ticks") is { ValueKind: JsonValueKind.Number } ticks && ticks.TryGetInt64(out var length)
            ? string.Create(CultureInfo.InvariantCulture, $"{TimeSpan.FromTicks(length).TotalMilliseconds:0} ms")
            : "";
}
