using System.Text.Json;

namespace Aos.Kernel;

/// <summary>One check of one value: where it stands, what it found, how much it may still do.</summary>
internal sealed class SchemaRun(string start, Func<JsonElement, bool>? unknown)
{
    private readonly List<(string? Name, int Index)> place = [];
    private List<SchemaProblem> problems = [];
    private int steps;
    private int depth;
    private string? exhausted;

    /// <summary>Counts values that were not known: what depends on a misfit must not be concluded from them.</summary>
    internal int Unknowns { get; private set; }

    internal void Apply(SchemaNode node, JsonElement value)
    {
        if (!Spend(1)) return;
        if (unknown is not null && unknown(value))
        {
            Unknowns++;
            return;
        }

        if (node.Never)
        {
            Problem("false", "is not allowed here");
            return;
        }

        if (depth == JsonSchema.DepthMax)
        {
            exhausted = $"is judged deeper than {JsonSchema.DepthMax} levels";
            return;
        }

        depth++;
        foreach (var rule in node.Rules) rule(value, this);
        depth--;
    }

    internal void Member(SchemaNode node, JsonElement value, string name)
    {
        place.Add((name, 0));
        Apply(node, value);
        place.RemoveAt(place.Count - 1);
    }

    internal void Item(SchemaNode node, JsonElement value, int index)
    {
        place.Add((null, index));
        Apply(node, value);
        place.RemoveAt(place.Count - 1);
    }

    /// <summary>Whether the value fits; its problems are not reported, the first is handed out.</summary>
    internal bool Fits(SchemaNode node, JsonElement value, out string why)
    {
        var outer = problems;
        problems = [];
        Apply(node, value);
        var fits = problems.Count == 0;
        why = fits ? "" : Why(problems[0]);
        problems = outer;
        return fits;
    }

    internal void Problem(string keyword, string message)
    {
        if (problems.Count < JsonSchema.ProblemsMax) problems.Add(new SchemaProblem(SchemaPath.Of(start, place), keyword, message));
    }

    internal void MemberProblem(string name, string keyword, string message)
    {
        place.Add((name, 0));
        Problem(keyword, message);
        place.RemoveAt(place.Count - 1);
    }

    /// <summary>False: the check has done all it may; whoever asks stops.</summary>
    internal bool Spend(int work)
    {
        if (exhausted is not null) return false;
        steps += work;
        if (steps <= JsonSchema.StepsMax) return true;
        exhausted = $"takes more than {JsonSchema.StepsMax} steps to judge";
        return false;
    }

    /// <summary>Whether the value, or something in it, is not known yet.</summary>
    internal bool HoldsUnknown(JsonElement value)
    {
        if (unknown is null) return false;
        if (unknown(value)) return true;
        return value.ValueKind switch
        {
            JsonValueKind.Object => value.EnumerateObject().Any(member => HoldsUnknown(member.Value)),
            JsonValueKind.Array => value.EnumerateArray().Any(HoldsUnknown),
            _ => false,
        };
    }

    internal IReadOnlyList<SchemaProblem> Finish()
    {
        if (exhausted is null) return problems;
        return [new SchemaProblem(start, "limit", exhausted)];
    }

    private string Why(SchemaProblem problem)
    {
        var here = SchemaPath.Of(start, place);
        return problem.Path == here ? problem.Message : $"{problem.Path[(problem.Path.StartsWith(here, StringComparison.Ordinal) ? here.Length : 0)..].TrimStart('.')} {problem.Message}";
    }
}
