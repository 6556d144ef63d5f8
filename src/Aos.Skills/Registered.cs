using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>A skill behind its types.</summary>
internal interface IRegistered
{
    string Name { get; }

    string Version { get; }

    /// <summary>True: it was registered with a version, so there may be others of its name. Else it is part of the program and goes with it.</summary>
    bool IsVersioned { get; }

    /// <summary>The assembly of the skills folder that it is of; null: it is built in.</summary>
    string? Assembly { get; }

    SkillContract Contract { get; }

    SkillTerms Terms { get; }

    SkillDescription Description { get; }

    IReadOnlyList<PlanProblem> Check(JsonElement parameters, string path);

    Task<StructuredOutcome> InvokeAsync(JsonElement parameters, SkillCall call, CancellationToken cancel);

    /// <summary>True: it can tell from its parameters where a call goes.</summary>
    bool IsTargeted { get; }

    /// <param name="through">The connection that the call goes through; null: none.</param>
    CallTarget? Target(JsonElement parameters, Connection? through = null);
}

/// <summary>
/// Reads parameters into the skill's input, checks them, and writes its output. The skill is built, and its schemas are
/// made, when they are first needed: a process that runs one skill does not pay for all.
/// </summary>
internal sealed class Registered<TIn, TOut> : IRegistered
    where TIn : class
    where TOut : class
{
    private readonly Lazy<ISkill<TIn, TOut>> skill;
    private readonly Lazy<SkillDescription> description;
    private readonly Lazy<JsonSchema> schema;
    private readonly Lazy<ImmutableArray<(string Name, Func<object, object?> Get, ValidationAttribute Bound)>> bounds;
    private readonly Lazy<bool> isDeep;
    private readonly string? version;

    /// <param name="version">Null: what the contract says.</param>
    /// <param name="assembly">Of the skills folder; null: it is built in.</param>
    internal Registered(string name, Func<ISkill<TIn, TOut>> make, string? version = null, string? assembly = null)
    {
        (Name, Assembly) = (name, assembly);
        this.version = version;
        skill = new Lazy<ISkill<TIn, TOut>>(() => ContractRules.Checked(name, version, make()));
        description = new Lazy<SkillDescription>(Describe);
        schema = new Lazy<JsonSchema>(() => JsonSchema.Known(Description.InputSchema));
        bounds = new(() => SkillSchema.Bounds(Skill.Input));
        isDeep = new(() => SkillSchema.IsDeep(Skill.Input));
    }

    public string Name { get; }

    public string Version => version ?? Contract.Version;

    public bool IsVersioned => version is not null;

    public string? Assembly { get; }

    public SkillContract Contract => Skill.Contract;

    public SkillTerms Terms => Description.Terms;

    public SkillDescription Description => description.Value;

    public bool IsTargeted => Skill is ITargeted<TIn>;

    private ISkill<TIn, TOut> Skill => skill.Value;

    public IReadOnlyList<PlanProblem> Check(JsonElement parameters, string path)
    {
        if (!HoldsTemplate(parameters) && Read(parameters) is { } input && Unfit(input) is null && !isDeep.Value) return [];
        return [.. schema.Value.Check(parameters, path, IsUnknown).Select(problem => new PlanProblem(problem.Path, Code(problem), problem.ToString()))];
    }

    public async Task<StructuredOutcome> InvokeAsync(JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        if (JsonMarshal.GetRawUtf8Value(parameters).Length > Contract.InputBytesMax)
            return Failed("INPUT_TOO_LARGE", $"The parameters of {Name} are longer than {Contract.InputBytesMax} bytes.");
        var input = Read(parameters);
        var unfit = input is null ? "They cannot be read." : Unfit(input);
        if (unfit is not null || isDeep.Value)
        {
            var problems = schema.Value.Check(parameters, "params");
            if (problems.Count > 0) return StructuredOutcome.Failed(Wrong(problems));
        }

        if (unfit is not null) return Failed("INVALID_INPUT", $"{unfit} (Parameters of {Name}.)");

        var answer = await Skill.InvokeAsync(input!, call, cancel);
        return Outcome(answer);
    }

    public CallTarget? Target(JsonElement parameters, Connection? through = null) =>
        Skill is ITargeted<TIn> targeted && Read(parameters) is { } input ? targeted.Target(input, through) : null;

    private StructuredOutcome Outcome(SkillAnswer<TOut> answer)
    {
        if (answer.Cost < Cents.Zero || answer.Retries < 0)
            return Failed("OUTPUT_INVALID", $"{Name} tells a negative cost or number of retries.");
        var effects = answer.SideEffects.IsDefault ? [] : answer.SideEffects;
        if (answer.Failure is { } failure) return new StructuredOutcome(Json.Null, failure, answer.Cost, default, answer.Retries, effects);
        var (result, problem) = Written(answer.Output);
        if (problem is not null) return new StructuredOutcome(Json.Null, problem, answer.Cost, default, answer.Retries, effects);
        return new StructuredOutcome(result, null, answer.Cost, default, answer.Retries, effects);
    }

    private (JsonElement Result, Failure? Problem) Written(TOut? output)
    {
        if (output is null) return (Json.Null, FailureCatalog.Fail("OUTPUT_INVALID", $"{Name} gave neither a result nor a failure."));
        try
        {
            var result = JsonSerializer.SerializeToElement(output, Skill.Output);
            var bytes = JsonMarshal.GetRawUtf8Value(result);
            if (bytes.Length > Contract.OutputBytesMax)
                return (Json.Null, FailureCatalog.Fail("OUTPUT_TOO_LARGE", $"The result of {Name} is longer than {Contract.OutputBytesMax} bytes."));
            return ResultRules.Problem(bytes) is { } problem
                ? (Json.Null, FailureCatalog.Fail("OUTPUT_INVALID", $"The result of {Name} {problem}."))
                : (result, null);
        }
        catch (JsonException e)
        {
            return (Json.Null, FailureCatalog.Fail("OUTPUT_INVALID", $"The result of {Name} cannot be written: {e.Message}"));
        }
    }

    /// <summary>Null: the parameters are not of the input's type; the schema says why.</summary>
    private TIn? Read(JsonElement parameters)
    {
        try
        {
            return parameters.Deserialize(Skill.Input);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Which bound a parameter does not keep; null: it keeps all.</summary>
    private string? Unfit(TIn input)
    {
        foreach (var (name, get, bound) in bounds.Value)
        {
            if (get(input) is { } value && !bound.IsValid(value)) return bound.FormatErrorMessage(name);
        }

        return null;
    }

    private Failure Wrong(IReadOnlyList<SchemaProblem> problems)
    {
        var details = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("problems");
            foreach (var problem in problems)
            {
                writer.WriteStartObject();
                writer.WriteString("path", problem.Path);
                writer.WriteString("message", problem.ToString());
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
        var first = string.Join(" ", problems.Take(3));
        return FailureCatalog.Fail(
            "INVALID_INPUT", $"{first}{(problems.Count > 3 ? $" And {problems.Count - 3} more." : "")} (Parameters of {Name}.)", null, details);
    }

    private SkillDescription Describe()
    {
        var contract = Contract;
        var (known, required) = SkillSchema.Members(Skill.Input);
        var terms = new SkillTerms(
            contract.Name, contract.Version, contract.Effect, contract.EffectParam, contract.EffectByParam, contract.KeyMakesIdempotent, contract.Cost,
            contract.TimeoutDefault, known, required, contract.StableFields);
        return new SkillDescription(
            contract, terms, new Lazy<JsonElement>(() => SkillSchema.Of(Skill.Input)), new Lazy<JsonElement>(() => SkillSchema.OfResult(Skill.Output)));
    }

    private static bool IsUnknown(JsonElement value) => value.ValueKind == JsonValueKind.String && HoldsTemplate(value);

    private static bool HoldsTemplate(JsonElement value) => JsonMarshal.GetRawUtf8Value(value).IndexOf("${{"u8) >= 0;

    private static string Code(SchemaProblem problem) => problem.Keyword switch
    {
        "required" => "MISSING_REQUIRED_FIELD",
        "additionalProperties" or "false" => "UNKNOWN_MEMBER",
        _ => "INVALID_INPUT",
    };

    private static StructuredOutcome Failed(string code, string message) => StructuredOutcome.Failed(FailureCatalog.Fail(code, message));
}
