using System.Text.Json;

namespace Aos.Kernel;

/// <summary>How steps refer to one another: dependencies, expressions, fallbacks.</summary>
internal sealed class PlanLinks(PlanReport report)
{
    private static readonly string[] Templates = ["params", "for_each", "idempotency_key", "run", "sleep", "await", "agent"];
    private readonly Dictionary<string, int> indices = new(StringComparer.Ordinal);
    private readonly List<(int Step, string Path, JsonElement Source)> sources = [];
    private readonly List<(int Step, string Name, string Path)> fallbacks = [];
    private readonly List<(int Step, string Id, string Path)> references = [];

    internal bool IsGraph { get; private set; }

    internal void Add(string id, int index, string path, JsonElement source)
    {
        if (!indices.TryAdd(id, index)) report.Problem($"{path}.id", "DUPLICATE_STEP_ID", $"Another step is called {id} already.");
        sources.Add((index, path, source));
        if (source.Get("depends_on") is { ValueKind: not JsonValueKind.Null }) IsGraph = true;
    }

    internal void Fallback(int step, string name, string path) => fallbacks.Add((step, name, path));

    internal void CheckExpression(string text, string path, int step)
    {
        if (Expression.Problem(text) is { } problem)
        {
            report.Problem(path, "EXPRESSION_ERROR", problem);
            return;
        }

        foreach (var id in Expression.References(text).Steps) references.Add((step, id, path));
    }

    internal void Check(JsonElement template, string path, List<PlanStep> steps, int step)
    {
        if (!Template.HasExpressions(template)) return;
        foreach (var (at, text) in Template.Expressions(template, path))
        {
            if (Expression.Problem(text) is { } problem) report.Problem(at, "EXPRESSION_ERROR", problem);
            var (ids, names, _, wrongKey) = Expression.References(text);
            if (wrongKey is not null) report.Problem(at, "INVALID_REFERENCE", $"In '{text}': {wrongKey}.");
            foreach (var id in ids)
            {
                if (step < 0 && !indices.ContainsKey(id)) Missing(at, id);
                else if (step >= 0) references.Add((step, id, at));
            }

            foreach (var name in names) CheckName(name, at, steps, step);
        }
    }

    internal List<PlanStep> Resolve(List<PlanStep> steps)
    {
        foreach (var (step, path, source) in sources)
        {
            if (!Template.HasExpressions(source)) continue;
            foreach (var member in Templates)
            {
                if (source.Get(member) is { } clause) CheckClause(member, clause, $"{path}.{member}", steps, step);
            }
        }

        foreach (var (step, path, _) in sources) steps[step].Reads = PlanMemory.Of(steps[step], path, report);
        var wants = new SortedSet<int>?[steps.Count];
        Named(wants);
        Implied(wants, steps);
        ResolveFallbacks(steps);
        if (!IsGraph) InList(wants, steps);
        else Cycles(wants, steps);
        for (var i = 0; i < steps.Count; i++)
        {
            if (wants[i] is { } on) steps[i].DependsOn = [.. on];
        }

        return steps;
    }

    /// <summary>Of a clause only what is evaluated: an output schema, say, may hold what looks like a template.</summary>
    private void CheckClause(string member, JsonElement clause, string path, List<PlanStep> steps, int step)
    {
        switch (member)
        {
            case "run":
                Check(clause.Get("inputs") ?? Json.Null, path, steps, step);
                break;
            case "await":
                Check(clause.Get("approval")?.Get("message") ?? Json.Null, $"{path}.approval.message", steps, step);
                break;
            case "agent":
                Check(clause.Get("goal") ?? Json.Null, $"{path}.goal", steps, step);
                Check(clause.Get("system") ?? Json.Null, $"{path}.system", steps, step);
                Check(clause.Get("approval")?.Get("message") ?? Json.Null, $"{path}.approval.message", steps, step);
                break;
            default:
                Check(clause, path, steps, step);
                break;
        }
    }

    private void CheckName(string name, string at, List<PlanStep> steps, int step)
    {
        if (name is "inputs" or "run") return;
        if (name == "memory")
        {
            report.Problem(at, "INVALID_REFERENCE", "memory needs a key.", "Write memory[\"KEY\"].");
            return;
        }

        if (step >= 0 && steps[step].ForEach is not null && (name == "index" || name == steps[step].As)) return;
        report.Problem(at, "INVALID_REFERENCE", $"{name} is not known here.", "Names are inputs, steps.ID.result, memory[\"KEY\"], run, and in a for_each its item and index.");
    }

    private void Named(SortedSet<int>?[] wants)
    {
        foreach (var (step, path, source) in sources)
        {
            if (source.Get("depends_on") is not { ValueKind: not JsonValueKind.Null } depends) continue;
            if (depends.ValueKind != JsonValueKind.Array)
            {
                report.Problem($"{path}.depends_on", "INVALID_PLAN", "depends_on is a list of step ids.");
                continue;
            }

            foreach (var name in depends.EnumerateArray())
            {
                var id = name.ValueKind == JsonValueKind.String ? name.GetString()! : name.GetRawText();
                if (indices.TryGetValue(id, out var on)) (wants[step] ??= []).Add(on);
                else Missing($"{path}.depends_on", id);
            }
        }
    }

    private void Implied(SortedSet<int>?[] wants, List<PlanStep> steps)
    {
        foreach (var (step, id, path) in references)
        {
            if (!indices.TryGetValue(id, out var on)) Missing(path, id);
            else if (on == step && steps[step].Repeat is not null) continue;
            else if (IsGraph || on == step) (wants[step] ??= []).Add(on);
            else if (on > step && !steps[step].FallbackOnly)
                report.Problem(path, "INVALID_REFERENCE", $"Step {id} comes later in the list.", "Move it up, or name dependencies with depends_on.");
        }
    }

    private void ResolveFallbacks(List<PlanStep> steps)
    {
        var used = new HashSet<int>();
        foreach (var (step, name, path) in fallbacks)
        {
            if (!indices.TryGetValue(name, out var target)) Missing(path, name);
            else if (!steps[target].FallbackOnly || target == step)
                report.Problem(path, "INVALID_REFERENCE", $"Step {name} is no fallback.", "Give it fallback_only: true.");
            else if (!used.Add(target))
                report.Problem(path, "INVALID_REFERENCE", $"Step {name} is already the fallback of another step.");
            else
                steps[step] = steps[step] with { Fallback = target };
        }

        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i].FallbackOnly && !used.Contains(i))
                report.Problem($"steps[{i}]", "INVALID_PLAN", $"Step {steps[i].Id} is fallback_only, but no step falls back to it.");
        }
    }

    /// <summary>In a list each step waits for the one before.</summary>
    private void InList(SortedSet<int>?[] wants, List<PlanStep> steps)
    {
        var before = -1;
        for (var i = 0; i < steps.Count; i++)
        {
            if (wants[i]?.Contains(i) == true) report.Problem($"steps[{i}]", "CYCLE", $"Step {steps[i].Id} refers to itself.");
            if (steps[i].FallbackOnly) continue;
            wants[i] = null;
            if (before >= 0) steps[i].DependsOn = [before];
            before = i;
        }
    }

    private void Cycles(SortedSet<int>?[] wants, List<PlanStep> steps)
    {
        var left = Enumerable.Range(0, steps.Count).Select(i => wants[i]?.Count ?? 0).ToArray();
        var dependents = new List<int>[steps.Count];
        for (var i = 0; i < steps.Count; i++) dependents[i] = [];
        for (var i = 0; i < steps.Count; i++)
        {
            foreach (var on in wants[i] ?? []) dependents[on].Add(i);
        }

        var free = new Queue<int>(Enumerable.Range(0, steps.Count).Where(i => left[i] == 0));
        var sorted = 0;
        while (free.TryDequeue(out var step))
        {
            sorted++;
            foreach (var dependent in dependents[step])
            {
                if (--left[dependent] == 0) free.Enqueue(dependent);
            }
        }

        if (sorted == steps.Count) return;
        var members = Enumerable.Range(0, steps.Count).Where(i => left[i] > 0).Select(i => steps[i].Id);
        report.Problem("steps", "CYCLE", $"These steps wait for each other: {string.Join(", ", members)}.", "Remove one of the dependencies.");
    }

    private void Missing(string path, string id)
    {
        var near = Nearest.To(id, indices.Keys.Order(StringComparer.Ordinal).ToArray());
        report.Problem(path, "INVALID_REFERENCE", $"There is no step {id}.", near is null ? null : $"Did you mean {near}?");
    }
}
