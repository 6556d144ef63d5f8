using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>All checks of one sample call.</summary>
internal sealed class SampleChecks<TIn, TOut>(SkillBench<TIn, TOut> bench, Findings findings, SkillSample sample, CancellationToken cancel)
    where TIn : class
    where TOut : class
{
    /// <summary>Codes that a skill need not name: they come from what stands before it, or from the store.</summary>
    private static readonly string[] Common = ["INVALID_INPUT", "TIMEOUT", "EGRESS_BLOCKED", "EXTERNAL_CALL_BLOCKED", "PERMISSION_DENIED", "STORE_UNAVAILABLE", "SANDBOX_REJECTION", "OUTPUT_INVALID", "OUTPUT_TOO_LARGE", "EXECUTION_ERROR"];

    private readonly JsonElement parameters = Json.Parse(sample.Params);

    private SkillContract Contract => bench.Contract;

    internal async Task RunAsync()
    {
        var problems = JsonSchema.Known(bench.Description.InputSchema).Check(parameters, "params");
        var tell = findings.Check("input_schema", sample);
        if (problems.Count > 0 && sample.Fails != "INVALID_INPUT")
        {
            tell($"The sample does not fit the schema of the parameters: {problems[0]}");
            return;
        }

        await StopsAsync();
        if (sample.IsLong) return;
        await AnswersAsync();
        await IsDeterministicAsync();
        await RepeatsAsync();
        await KeepsSecretsAsync();
        await KnowsNoMoreAsync();
        await SurvivesAsync();
    }

    /// <summary>The outcome is the one that is told, and is as the schema and the catalog say.</summary>
    private async Task AnswersAsync()
    {
        var outcome = await CallAsync(bench.NewKey());
        var tell = findings.Check("outcome", sample);
        if (outcome.Failure?.Code != sample.Fails) tell($"It was to {(sample.Fails is null ? "succeed" : "fail with " + sample.Fails)}, and {(outcome.Failure is { } failed ? $"failed with {failed.Code}: {failed.Message}" : "succeeded")}.");
        Catalog(outcome);
        if (!outcome.Ok) return;
        tell = findings.Check("output_schema", sample);
        foreach (var problem in JsonSchema.Known(bench.Description.OutputSchema).Check(outcome.Result, "result").Take(3)) tell(problem.ToString());
    }

    private void Catalog(StructuredOutcome outcome)
    {
        var tell = findings.Check("failures", sample);
        if (outcome.Failure is not { } failure) return;
        if (FailureCatalog.Find(failure.Code)?.Code != failure.Code) tell($"{failure.Code} is no code of the catalog.");
        else if (!Common.Contains(failure.Code) && Contract.FailureModes.All(mode => mode.Code != failure.Code)) tell($"It fails with {failure.Code}, which is none of its failure modes.");
    }

    /// <summary>Equal input and seed, equal stable fields, whatever the key.</summary>
    private async Task IsDeterministicAsync()
    {
        if (Contract.StableFields.IsEmpty && Contract.Effect != EffectClass.Pure) return;
        var tell = findings.Check("determinism", sample);
        var (first, second) = (await CallAsync(bench.NewKey()), await CallAsync(bench.NewKey()));
        if (Differs(first, second) is { } how) tell($"Two calls with the same parameters and seed differ: {how}.");
    }

    /// <summary>A repeat under one key gives the same and does nothing more.</summary>
    private async Task RepeatsAsync()
    {
        var effect = bench.Description.Terms.ClassOf(parameters, hasKey: true);
        if (effect is not (EffectClass.Pure or EffectClass.Idempotent)) return;
        var tell = findings.Check("idempotency", sample);
        var (key, before) = (bench.NewKey(), bench.Options.Effects?.Invoke() ?? 0);
        var first = await CallAsync(key);
        var between = bench.Options.Effects?.Invoke() ?? 0;
        var second = await CallAsync(key);
        var after = bench.Options.Effects?.Invoke() ?? 0;
        if (effect == EffectClass.Pure && after != before) tell($"It says that it has no effects and had {after - before}.");
        else if (after > between) tell($"A repeat under the same key had {after - between} effects more.");
        if (Differs(first, second) is { } how) tell($"A repeat under the same key differs: {how}.");
    }

    /// <summary>The value of a secret comes out nowhere, however it is written.</summary>
    private async Task KeepsSecretsAsync()
    {
        foreach (var param in Contract.SecretParams)
        {
            if (parameters.Get(param) is not { ValueKind: JsonValueKind.String }) continue;
            var tell = findings.Check("redaction", sample);
            var lines = bench.Options.Log?.Lines.Count ?? 0;
            var outcome = await bench.CallAsync(
                HostileInputs.With(parameters, param, writer => writer.WriteStringValue("secret:" + SkillBench<TIn, TOut>.SecretName)), bench.NewKey(), bench.Options.Timeout, cancel);
            string[] told = [.. Texts(outcome.Result), outcome.Failure?.Message ?? "", .. Texts(outcome.Failure?.Details ?? Json.Null), .. outcome.SideEffects.Select(effect => effect.Target)];
            if (told.Select(Spelling).OfType<string>().FirstOrDefault() is { } how) tell($"The secret of {param} comes out in the {(outcome.Ok ? "result" : "failure")}{how}.");
            if (bench.Options.Log?.Lines.Skip(lines).Select(Spelling).OfType<string>().FirstOrDefault() is { } logged) tell($"The secret of {param} is logged{logged}.");
        }
    }

    /// <summary>All texts of a value, names included, as they are and not as JSON spells them.</summary>
    private static IEnumerable<string> Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Texts),
        JsonValueKind.Object => value.EnumerateObject().SelectMany(member => Texts(member.Value).Prepend(member.Name)),
        _ => [],
    };

    /// <summary>How the secret stands in a text; null: it does not.</summary>
    private static string? Spelling(string text)
    {
        const string secret = SkillBench<TIn, TOut>.Secret;
        var bytes = Encoding.UTF8.GetBytes(secret);
        if (text.Contains(secret, StringComparison.Ordinal)) return "";
        if (text.Contains(Uri.EscapeDataString(secret), StringComparison.OrdinalIgnoreCase)) return ", escaped as in a URL";
        if (text.Contains(Convert.ToBase64String(bytes).TrimEnd('='), StringComparison.Ordinal)) return ", as base64";
        if (text.Contains(Convert.ToHexString(bytes), StringComparison.OrdinalIgnoreCase)) return ", as hex digits";
        return text.Contains(string.Concat(secret.Reverse()), StringComparison.Ordinal) ? ", backwards" : null;
    }

    /// <summary>A name that is none of its parameters is refused, where the schema says so.</summary>
    private async Task KnowsNoMoreAsync()
    {
        if (bench.Description.InputSchema.Get("additionalProperties") is not { ValueKind: JsonValueKind.False })
        {
            if (bench.Skill.Input.Properties.Any(property => property.IsExtensionData)) return;
            findings.Check("unknown_member", sample)("The schema accepts names that the skill does not know: UnmappedMemberHandling.Disallow is missing.");
            return;
        }

        var tell = findings.Check("unknown_member", sample);
        var outcome = await bench.CallAsync(HostileInputs.With(parameters, "conformance_unknown", writer => writer.WriteNullValue()), bench.NewKey(), bench.Options.Timeout, cancel);
        if (outcome.Failure?.Code != "INVALID_INPUT") tell("A name that it does not know is not refused.");
    }

    /// <summary>Whatever comes in, it answers or fails with a code of the catalog.</summary>
    private async Task SurvivesAsync()
    {
        var tell = findings.Check("hostile_input", sample);
        foreach (var hostile in HostileInputs.Of(parameters))
        {
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                var task = bench.CallBareAsync(hostile, limit.Token);
                var outcome = await Within(task, bench.Options.Timeout);
                if (outcome is null)
                {
                    await limit.CancelAsync();
                    tell($"It did not answer {Short(hostile)}.");
                    return;
                }

                if (outcome.Failure is { } failure && FailureCatalog.Find(failure.Code)?.Code != failure.Code) tell($"{Short(hostile)}: {failure.Code} is no code of the catalog.");
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                tell($"It throws {e.GetType().Name} for {Short(hostile)}: {e.Message}");
                return;
            }
        }
    }

    /// <summary>It ends soon after it was called off, and when its time is over.</summary>
    private async Task StopsAsync()
    {
        var tell = findings.Check("cancellation", sample);
        using (var off = CancellationTokenSource.CreateLinkedTokenSource(cancel))
        {
            var begun = bench.Watched.Begins();
            var call = bench.CallAsync(parameters, bench.NewKey(), TimeSpan.FromHours(1), off.Token);
            await Task.WhenAny(begun, call, Pause(bench.Options.Grace));
            await off.CancelAsync();
            if (await Within(call, bench.Options.Grace) is null && !call.IsCompleted) tell("A call that is called off does not come back.");
            if (!await EndsAsync()) tell($"It goes on {bench.Options.Grace.TotalSeconds:0.#} s after it was called off: it does not listen to its token.");
            else if (bench.Watched.Thrown is { } thrown and not OperationCanceledException) tell($"Called off, it throws {thrown.GetType().Name} instead of OperationCanceledException.");
        }

        if (!sample.IsLong) return;
        tell = findings.Check("timeout", sample);
        var outcome = await Within(bench.CallAsync(parameters, bench.NewKey(), TimeSpan.FromMilliseconds(20), cancel), bench.Options.Grace);
        if (outcome?.Failure?.Code != "TIMEOUT") tell($"A call whose time is over {(outcome is null ? "does not come back" : $"ends with {outcome.Failure?.Code ?? "a result"}")}, not with TIMEOUT.");
        if (!await EndsAsync()) tell($"It goes on {bench.Options.Grace.TotalSeconds:0.#} s after its time was over.");
    }

    private async Task<bool> EndsAsync() => await Task.WhenAny(bench.Watched.Work, Pause(bench.Options.Grace)) == bench.Watched.Work;

    /// <summary>The outcome; null: it was called off or did not come in time.</summary>
    private async Task<StructuredOutcome?> Within(Task<StructuredOutcome> call, TimeSpan most)
    {
        if (await Task.WhenAny(call, Pause(most)) != call) return null;
        try
        {
            return await call;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    private Task Pause(TimeSpan time) => Task.Delay(time, TimeProvider.System, cancel);

    private Task<StructuredOutcome> CallAsync(string key) => bench.CallAsync(parameters, key, bench.Options.Timeout, cancel);

    private string? Differs(StructuredOutcome first, StructuredOutcome second)
    {
        if (first.Failure?.Code != second.Failure?.Code) return $"{first.Failure?.Code ?? "a result"} and {second.Failure?.Code ?? "a result"}";
        if (!first.Ok) return null;
        var (a, b) = (StepView.Stable(first.Result, Contract.StableFields), StepView.Stable(second.Result, Contract.StableFields));
        return CanonicalJson.Text(a) == CanonicalJson.Text(b) ? null : string.Join(", ", JsonDifference.Of(a, b, 3).Select(difference => difference.Path.Length == 0 ? "all of it" : difference.Path));
    }

    private static string Short(JsonElement value) => value.GetRawText() is { Length: > 80 } text ? text[..80] + "..." : value.GetRawText();
}
