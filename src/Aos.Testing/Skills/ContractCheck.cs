using System.Text.Json;
using Aos.Kernel;
using Aos.Skills;

namespace Aos.Testing;

/// <summary>The contract by itself.</summary>
internal sealed class ContractCheck<TIn, TOut>(SkillBench<TIn, TOut> bench, Findings findings)
    where TIn : class
    where TOut : class
{
    /// <summary>True: nothing can be called.</summary>
    internal bool IsBroken()
    {
        var tell = findings.Check("contract", null);
        var contract = bench.Contract;
        if (ContractRules.Problem(contract.Name, contract) is { } problem)
        {
            tell($"The contract {problem}.");
            return true;
        }

        var (input, output) = (bench.Description.InputSchema, bench.Description.OutputSchema);
        foreach (var broken in JsonSchema.Parse(input).Problems.Concat(JsonSchema.Parse(output).Problems)) tell($"A schema is none: {broken}");
        foreach (var field in contract.StableFields.Where(field => output.Get("properties")?.Get(field) is null)) tell($"The stable field {field} is no member of the result.");
        if (input.Get("additionalProperties") is { ValueKind: JsonValueKind.False })
        {
            foreach (var param in contract.SecretParams.Concat(contract.FreeParams).Append(contract.TargetParam ?? "").Append(contract.EffectParam ?? "").Where(name => name.Length > 0 && input.Get("properties")?.Get(name) is null))
                tell($"The contract names {param}, which is no parameter.");
        }

        return false;
    }
}
