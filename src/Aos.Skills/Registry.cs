using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>A skill behind its types.</summary>
internal interface IRegistered
{
    SkillDescription Description { get; }

    Task<StructuredOutcome> InvokeAsync(JsonElement parameters, SkillCall call, CancellationToken cancel);
}

internal sealed class Registered<TIn, TOut>(ISkill<TIn, TOut> skill) : IRegistered
    where TIn : class
    where TOut : class
{
    public SkillDescription Description { get; } = Describe(skill);

    public async Task<StructuredOutcome> InvokeAsync(JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        if (parameters.GetRawText().Length > skill.Contract.InputBytesMax)
            return Failed("INPUT_TOO_LARGE", $"The parameters of {skill.Contract.Name} are longer than {skill.Contract.InputBytesMax} bytes.");
        TIn input;
        try
        {
            input = parameters.Deserialize(skill.Input) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            return Failed("INVALID_INPUT", $"Parameters of {skill.Contract.Name}: {e.Message}");
        }

        var answer = await skill.InvokeAsync(input, call, cancel);
        var result = answer.Output is { } output ? JsonSerializer.SerializeToElement(output, skill.Output) : Json.Null;
        if (result.ValueKind != JsonValueKind.Null && result.GetRawText().Length > skill.Contract.OutputBytesMax)
            return Failed("OUTPUT_TOO_LARGE", $"The result of {skill.Contract.Name} is longer than {skill.Contract.OutputBytesMax} bytes.");
        return new StructuredOutcome(
            answer.Failure is null ? result : Json.Null, answer.Failure, answer.Cost, Stopwatch.GetElapsedTime(started), answer.Retries,
            answer.SideEffects.IsDefault ? [] : answer.SideEffects);

        StructuredOutcome Failed(string code, string message) => StructuredOutcome.Failed(FailureCatalog.Fail(code, message));
    }

    private static SkillDescription Describe(ISkill<TIn, TOut> skill)
    {
        var contract = skill.Contract;
        var input = Schema(skill.Input.GetJsonSchemaAsNode());
        var required = input.Get("required") is { } names ? names.EnumerateArray().Select(name => name.GetString()!).ToImmutableArray() : [];
        var isOpen = input.Get("additionalProperties") is not { ValueKind: JsonValueKind.False };
        var known = !isOpen && input.Get("properties") is { } properties
            ? properties.EnumerateObject().Select(property => property.Name).ToImmutableArray()
            : [];
        return new SkillDescription(contract, input, Schema(skill.Output.GetJsonSchemaAsNode()), new SkillTerms(
            contract.Name, contract.Version, contract.Effect, contract.EffectParam, contract.EffectByParam, contract.KeyMakesIdempotent, contract.Cost,
            contract.TimeoutDefault, known, required, contract.StableFields));
    }

    private static JsonElement Schema(JsonNode node) => Json.Parse(node.ToJsonString());
}

/// <summary>All skills, and the one way to run one: it times out, it stops when cancelled, it never throws.</summary>
internal sealed class Registry : ISkills
{
    private readonly FrozenDictionary<string, IRegistered> byName;

    public Registry(IEnumerable<IRegistered> skills)
    {
        byName = skills.ToFrozenDictionary(skill => skill.Description.Contract.Name, StringComparer.Ordinal);
        All = byName.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Description, StringComparer.Ordinal);
        Terms = byName.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Description.Terms, StringComparer.Ordinal);
    }

    public IReadOnlyDictionary<string, SkillDescription> All { get; }

    public IReadOnlyDictionary<string, SkillTerms> Terms { get; }

    public async Task<StructuredOutcome> InvokeAsync(string skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        if (!byName.TryGetValue(skill, out var registered))
            return StructuredOutcome.Failed(FailureCatalog.Fail("SKILL_NOT_FOUND", $"There is no skill {skill}."));
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(call.Timeout);
        try
        {
            return await registered.InvokeAsync(parameters, call, timeout.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return StructuredOutcome.Failed(FailureCatalog.Fail("TIMEOUT", $"{skill} did not answer within {call.Timeout.TotalSeconds:0.###} s."), default, call.Timeout);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return StructuredOutcome.Failed(FailureCatalog.Fail("EXECUTION_ERROR", $"{skill} broke: {e.GetType().Name}: {e.Message}"));
        }
    }

    public IReadOnlyList<PlanProblem> Check(string skill, JsonElement parameters, string path) =>
        byName.ContainsKey(skill) ? [] : [new PlanProblem(path, "SKILL_NOT_FOUND", $"There is no skill {skill}.")];
}
