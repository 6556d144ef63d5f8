using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>One version of a stored workflow, as a run pins it.</summary>
/// <param name="Version">Exact: <c>MAJOR.MINOR.PATCH</c>.</param>
/// <param name="Hash">Of its plan, 64 lower-case hex digits.</param>
public sealed record WorkflowPin(string Name, string Version, string Hash)
{
    /// <summary><c>NAME@VERSION</c>.</summary>
    public string Id => $"{Name}@{Version}";
}

/// <summary>A stored workflow that a plan refers to.</summary>
/// <param name="Plan">In the normal shape, as it is stored.</param>
public sealed record LinkedWorkflow(WorkflowPin Pin, JsonElement Plan);

/// <summary>
/// What the references of a plan (<c>workflow:NAME@VERSION</c>) stand for, those of the plans it refers to included. Whoever has the
/// store looks them up before the plan is read; a run journals those it uses, so that nothing is looked up again.
/// </summary>
public sealed record WorkflowLinks
{
    /// <summary>How a reference begins.</summary>
    public const string Scheme = "workflow:";

    /// <summary>Plans within plans by reference.</summary>
    public const int DepthMax = 8;

    /// <summary>Steps of all plans that one plan refers to, each counted as often as it is referred to.</summary>
    public const int StepsMax = 10_000;

    /// <summary>By the reference as it is written.</summary>
    public ImmutableSortedDictionary<string, LinkedWorkflow> Found { get; init; } = None;

    /// <summary>Why a reference stands for nothing; the path is the reader's.</summary>
    public ImmutableSortedDictionary<string, PlanProblem> Missing { get; init; } = NoProblems;

    /// <summary>What is to be said of a reference that stands for something.</summary>
    public ImmutableSortedDictionary<string, PlanProblem> Remarks { get; init; } = NoProblems;

    /// <summary>The workflow that the plan itself is, or null.</summary>
    public WorkflowPin? Self { get; init; }

    internal static ImmutableSortedDictionary<string, LinkedWorkflow> None { get; } = ImmutableSortedDictionary.Create<string, LinkedWorkflow>(StringComparer.Ordinal);

    private static ImmutableSortedDictionary<string, PlanProblem> NoProblems { get; } = ImmutableSortedDictionary.Create<string, PlanProblem>(StringComparer.Ordinal);

    /// <summary>Those that a plan was read with.</summary>
    public static WorkflowLinks Of(Plan plan) => new() { Found = plan.Workflows };

    /// <summary>All references in a plan's source, each once, in their order; in whatever shape it is.</summary>
    public static IReadOnlyList<string> ReferencesIn(JsonElement source)
    {
        var found = new List<string>();
        if (source.Raw().IndexOf("workflow:"u8) < 0) return found; // Nearly always, and soon told.
        Find(source, found);
        return found;
    }

    private static void Find(JsonElement value, List<string> found)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray()) Find(item, found);
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in value.EnumerateObject())
            {
                if (member.NameEquals("$ref") && member.Value.ValueKind == JsonValueKind.String && member.Value.GetString()!.StartsWith(Scheme, StringComparison.Ordinal))
                {
                    var reference = member.Value.GetString()!;
                    if (!found.Contains(reference, StringComparer.Ordinal)) found.Add(reference);
                }
                else
                {
                    Find(member.Value, found);
                }
            }
        }
    }
}

/// <summary>The references of one plan while it is read.</summary>
/// <param name="links">Null: nobody has looked them up.</param>
/// <param name="chain">The workflows one is inside of.</param>
/// <param name="steps">Steps of the plans referred to so far, of the whole reading.</param>
internal sealed class PlanReferences(WorkflowLinks? links, ImmutableArray<string> chain, PlanReferences.Counter steps)
{
    internal sealed class Counter
    {
        internal int Steps { get; set; }
    }

    private readonly SortedDictionary<string, LinkedWorkflow> used = new(StringComparer.Ordinal);

    internal static PlanReferences Of(WorkflowLinks? links) => new(links, links?.Self is { } self ? [self.Id] : [], new Counter());

    /// <summary>Those that the plan or a plan within it uses.</summary>
    internal ImmutableSortedDictionary<string, LinkedWorkflow> Used => used.Count == 0 ? WorkflowLinks.None : used.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>For a plan that stands in place.</summary>
    internal PlanReferences Inside() => new(links, chain, steps);

    /// <summary>What a plan within this one used, this one uses.</summary>
    internal void Take(Plan? inner)
    {
        foreach (var (reference, linked) in inner?.Workflows ?? WorkflowLinks.None) used[reference] = linked;
    }

    /// <summary>Reads the plan that a reference stands for; null and a report: it cannot be.</summary>
    internal Plan? Read(string reference, string path, IReadOnlyDictionary<string, SkillTerms> skills, bool allowUnknownSkills, PlanReport report)
    {
        var at = $"{path}.run.plan.$ref";
        if (!reference.StartsWith(WorkflowLinks.Scheme, StringComparison.Ordinal) || reference.Length == WorkflowLinks.Scheme.Length)
        {
            report.Problem(at, "INVALID_REFERENCE", $"'{reference}' names no workflow.", "workflow:NAME@VERSION");
            return null;
        }

        if (links is null)
        {
            report.Warn(at, "NOT_AVAILABLE", $"{reference} was not looked up: no house was asked.", "Name one: aos plan check --server URL.");
            return null;
        }

        if (!links.Found.TryGetValue(reference, out var linked))
        {
            var why = links.Missing.GetValueOrDefault(reference) ?? new PlanProblem(at, "INVALID_REFERENCE", $"'{reference}' names no workflow.");
            report.Problem(at, why.Code, why.Message, why.Suggestion);
            return null;
        }

        if (links.Remarks.TryGetValue(reference, out var remark)) report.Warn(at, remark.Code, remark.Message, remark.Suggestion);
        used[reference] = linked;
        return Fits(linked, at, report) ? Follow(linked, path, skills, allowUnknownSkills, report) : null;
    }

    private bool Fits(LinkedWorkflow linked, string at, PlanReport report)
    {
        var id = linked.Pin.Id;
        if (chain.Contains(id, StringComparer.Ordinal))
        {
            report.Problem(at, "CYCLE", $"The workflows refer to one another in a circle: {string.Join(" -> ", chain.SkipWhile(outer => outer != id))} -> {id}.");
            return false;
        }

        if (chain.Length >= WorkflowLinks.DepthMax)
        {
            report.Problem(at, "INVALID_PLAN", $"Workflows refer to workflows deeper than {WorkflowLinks.DepthMax}: {string.Join(" -> ", chain)} -> {id}.");
            return false;
        }

        steps.Steps += linked.Plan.Get("steps") is { ValueKind: JsonValueKind.Array } list ? list.GetArrayLength() : 0;
        if (steps.Steps <= WorkflowLinks.StepsMax) return true;
        report.Problem(at, "TOO_MANY_STEPS", $"The workflows that this plan refers to have more than {WorkflowLinks.StepsMax} steps together.");
        return false;
    }

    private Plan? Follow(LinkedWorkflow linked, string path, IReadOnlyDictionary<string, SkillTerms> skills, bool allowUnknownSkills, PlanReport report)
    {
        var inner = new PlanReferences(links, chain.Add(linked.Pin.Id), steps);
        var reading = PlanReader.ReadInner(linked.Plan, skills, allowUnknownSkills, isAccepted: true, inner);
        foreach (var problem in reading.Problems) report.Problem($"{path}.run.plan.{problem.Path}", problem.Code, $"{linked.Pin.Id}: {problem.Message}", problem.Suggestion);
        foreach (var ask in reading.Asks) report.Asks.Add(ask with { Path = $"{path}.run.plan.{ask.Path}" });
        foreach (var (reference, used) in inner.used) this.used[reference] = used;
        return reading.Plan;
    }
}
