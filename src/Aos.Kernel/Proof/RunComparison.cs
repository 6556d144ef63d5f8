using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>One thing that two runs, or one step of both, differ in.</summary>
/// <param name="Member">What: <c>seed</c>, <c>params.url</c>, <c>result.total</c>.</param>
/// <param name="Left">Redacted. Null: nothing is there.</param>
/// <param name="Stable">True: equal runs are equal in it. False for costs, tries and the parts of results that no skill promises.</param>
public sealed record RunDifference(string Member, JsonElement? Left, JsonElement? Right, bool Stable);

/// <summary>One step of two runs, matched by its id.</summary>
/// <param name="Index">Of the first run that has the step.</param>
public sealed record StepComparison(int Index, string Id, string Name, ImmutableArray<RunDifference> Differences)
{
    public bool Match => Differences.All(difference => !difference.Stable);
}

/// <summary>The first step at which two runs part.</summary>
/// <param name="Text">One or two sentences: which step, what differed, what each had.</param>
public sealed record RunDivergence(string? Step, int? Index, RunDifference Difference, string Text);

/// <summary>Two runs side by side, step by step.</summary>
public sealed record RunComparison(RunState Left, RunState Right, ImmutableArray<RunDifference> Differences, ImmutableArray<StepComparison> Steps, RunDivergence? First)
{
    /// <summary>Differences shown of one value.</summary>
    private const int PlacesMax = 20;

    /// <summary>Nothing differs that is equal for equal runs.</summary>
    public bool Match => Differences.All(difference => !difference.Stable) && Steps.All(step => step.Match);

    /// <summary>Compares two runs, over or not.</summary>
    public static RunComparison Of(RunState left, RunState right)
    {
        var found = new Found();
        found.Text("plan_hash", left.Plan.Hash, right.Plan.Hash);
        found.Value("plan", Around(left), Around(right));
        found.Value("inputs", left.Start!.Inputs, right.Start!.Inputs);
        found.Text("seed", Number(left.Start.Seed), Number(right.Start.Seed));
        found.Text("status", left.Status.Wire(), right.Status.Wire());
        found.Text("code", left.End?.Failure?.Code, right.End?.Failure?.Code);
        found.Text("root_hash", left.End?.RootHash, right.End?.RootHash);
        found.Text("attempt", Number(left.Attempt), Number(right.Attempt), stable: false);
        found.Text("cost_cents", left.Spent.ToString(), right.Spent.ToString(), stable: false);
        var steps = Matched(left, right).Select(pair => Step(left, pair.Left, right, pair.Right)).ToImmutableArray();
        var whole = found.Take();
        return new RunComparison(left, right, whole, steps, RunWords.First(whole, steps));
    }

    /// <summary>The reply of a diff: see docs/traces.md.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("match", Match);
        WriteRun(writer, "a", Left);
        WriteRun(writer, "b", Right);
        if (First is { } first) WriteFirst(writer, first);
        else writer.WriteNull("first_divergence");
        WriteAll(writer, Differences);
        writer.WriteStartArray("steps");
        foreach (var step in Steps)
        {
            writer.WriteStartObject();
            writer.WriteString("id", step.Id);
            writer.WriteNumber("index", step.Index);
            writer.WriteString("skill", step.Name);
            writer.WriteBoolean("match", step.Match);
            WriteAll(writer, step.Differences);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static StepComparison Step(RunState left, int a, RunState right, int b)
    {
        var (run, at) = a >= 0 ? (left, a) : (right, b);
        var plan = run.Plan.Steps[at];
        var found = new Found();
        if (a < 0 || b < 0)
        {
            found.Text("step", a < 0 ? null : plan.Id, b < 0 ? null : plan.Id);
            return new StepComparison(at, plan.Id, StepView.Skill(plan), found.Take());
        }

        var (x, y) = (left.Steps[a], right.Steps[b]);
        found.Text("index", Number(a), Number(b));
        found.Value("definition", Definition(left, a), Definition(right, b));
        found.Text("version", Version(left, a), Version(right, b));
        found.Text("seed", Number(Seeds.Step(left.Start!.Seed, a)), Number(Seeds.Step(right.Start!.Seed, b)));
        if (Began(x) && Began(y)) found.Value("params", StepView.Params(left, a), StepView.Params(right, b));
        found.Text("status", x.Status.Wire(), y.Status.Wire());
        found.Text("code", x.Failure?.Code, y.Failure?.Code);
        found.Value("result", StepView.Stable(left, a), StepView.Stable(right, b));
        found.Value("side_effects", Effects(x), Effects(y));
        found.Rest("result", x.Result, y.Result);
        found.Text("attempts", Number(x.Calls.Sum(call => call.Attempts)), Number(y.Calls.Sum(call => call.Attempts)), stable: false);
        found.Text("cost_cents", x.Cost.ToString(), y.Cost.ToString(), stable: false);
        return new StepComparison(a, plan.Id, StepView.Skill(plan), found.Take());
    }

    /// <summary>Steps by id, in the order of the first run; what only the second has comes last. -1: it has none.</summary>
    private static IEnumerable<(int Left, int Right)> Matched(RunState left, RunState right) =>
        left.Plan.Steps.Select(step => (step.Index, right.Plan.IndexOf(step.Id)))
            .Concat(right.Plan.Steps.Where(step => left.Plan.IndexOf(step.Id) < 0).Select(step => (-1, step.Index)));

    private static bool Began(StepState step) => step.Status is not (StepStatus.Pending or StepStatus.Skipped);

    private static JsonElement Definition(RunState run, int index) => (run.Plan.Source.Get("steps") ?? Json.EmptyArray)[index];

    /// <summary>A plan without its steps and seed, which are compared by themselves.</summary>
    private static JsonElement Around(RunState run) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in run.Plan.Source.EnumerateObject().Where(member => member.Name is not ("steps" or "seed"))) member.WriteTo(writer);
        writer.WriteEndObject();
    });

    private static string? Version(RunState run, int index) =>
        run.Plan.Steps[index].Skill is { } skill && run.Start!.Terms.TryGetValue(skill, out var terms) ? $"{skill}@{terms.Version}" : null;

    private static JsonElement? Effects(StepState step)
    {
        var effects = step.Calls.SelectMany(call => call.Outcome?.SideEffects ?? []).Select(effect => $"{effect.Type}:{effect.Target}").ToList();
        return effects.Count == 0 ? null : Json.Write(writer =>
        {
            writer.WriteStartArray();
            foreach (var effect in effects) writer.WriteStringValue(effect);
            writer.WriteEndArray();
        });
    }

    private static string Number(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static void WriteRun(Utf8JsonWriter writer, string name, RunState run)
    {
        writer.WriteStartObject(name);
        writer.WriteString("run_id", run.Start!.Run.ToString());
        writer.WriteString("plan_name", run.Plan.Name);
        writer.WriteString("status", run.Status.Wire());
        writer.WriteString("root_hash", run.End?.RootHash);
        writer.WriteNumber("total_steps", run.Steps.Length);
        writer.WriteNumber("cost_cents_exact", run.Spent.Value);
        writer.WriteNumber("attempts", run.Steps.Sum(step => step.Calls.Sum(call => call.Attempts)));
        if (run.EndedAt is { } ended) writer.WriteNumber("duration_ms", (ended - run.Start.At).TotalMilliseconds);
        else writer.WriteNull("duration_ms");
        writer.WriteEndObject();
    }

    private static void WriteFirst(Utf8JsonWriter writer, RunDivergence first)
    {
        writer.WriteStartObject("first_divergence");
        writer.WriteString("step", first.Step);
        if (first.Index is { } index) writer.WriteNumber("index", index);
        else writer.WriteNull("index");
        WriteOne(writer, first.Difference);
        writer.WriteString("text", first.Text);
        writer.WriteEndObject();
    }

    private static void WriteAll(Utf8JsonWriter writer, ImmutableArray<RunDifference> differences)
    {
        writer.WriteStartArray("differences");
        foreach (var difference in differences)
        {
            writer.WriteStartObject();
            WriteOne(writer, difference);
            writer.WriteBoolean("stable", difference.Stable);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteOne(Utf8JsonWriter writer, RunDifference difference)
    {
        writer.WriteString("member", difference.Member);
        writer.WritePropertyName("a");
        (difference.Left ?? Json.Null).WriteTo(writer);
        writer.WritePropertyName("b");
        (difference.Right ?? Json.Null).WriteTo(writer);
    }

    private sealed class Found
    {
        private readonly ImmutableArray<RunDifference>.Builder differences = ImmutableArray.CreateBuilder<RunDifference>();

        internal void Text(string member, string? left, string? right, bool stable = true)
        {
            if (!string.Equals(left, right, StringComparison.Ordinal))
                differences.Add(new RunDifference(member, left is null ? null : Json.Of(left), right is null ? null : Json.Of(right), stable));
        }

        internal void Value(string member, JsonElement? left, JsonElement? right, bool stable = true)
        {
            if (left is { } a && right is { } b)
            {
                foreach (var place in JsonDifference.Of(a, b, PlacesMax)) differences.Add(new RunDifference(Named(member, place.Path), place.Left, place.Right, stable));
            }
            else if (left is not null || right is not null)
            {
                differences.Add(new RunDifference(member, Redacted(left), Redacted(right), stable));
            }
        }

        /// <summary>What differs in a result beside what its skill promises.</summary>
        internal void Rest(string member, JsonElement? left, JsonElement? right)
        {
            if (differences.All(difference => !difference.Member.StartsWith(member, StringComparison.Ordinal))) Value(member, left, right, stable: false);
        }

        internal ImmutableArray<RunDifference> Take() => differences.ToImmutable();

        private static JsonElement? Redacted(JsonElement? value) => value is { } shown ? Redactor.Redact(shown) : null;

        private static string Named(string member, string path) => path.Length == 0 ? member : path[0] == '[' ? member + path : $"{member}.{path}";
    }
}
