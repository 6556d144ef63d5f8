using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>A model answered with something that no estimate can be.</summary>
internal sealed class NoEstimateException(string part, string message) : Exception(message)
{
    /// <summary><c>steps</c>, <c>cost</c>, <c>duration</c> or <c>confidence</c>.</summary>
    internal string Part => part;

    /// <summary>Throws for an answer with other steps than the plan has, a negative cost or duration, or a share that is none.</summary>
    internal static void Check(CostQuestion question, CostEstimate answer)
    {
        if (answer.Steps.IsDefault || answer.Steps.Length != question.Steps.Length || answer.Steps.Where((step, i) => step.StepIndex != i || step.Skill != question.Steps[i].Skill).Any())
            throw new NoEstimateException("steps", $"The model {answer.ModelVersion} answered with {(answer.Steps.IsDefault ? 0 : answer.Steps.Length)} steps that are not the {question.Steps.Length} of the plan.");
        if (answer.CostCents < 0 || answer.Steps.Any(step => step.CostCents < 0)) throw new NoEstimateException("cost", $"The model {answer.ModelVersion} answered with a cost below 0.");
        if (answer.DurationMs < 0 || answer.Steps.Any(step => step.LatencyMs < 0)) throw new NoEstimateException("duration", $"The model {answer.ModelVersion} answered with a duration below 0.");
        if (!IsShare(answer.Confidence) || !IsShare(answer.CumulativeRisk) || answer.Steps.Any(step => !IsShare(step.Confidence) || !IsShare(step.RiskProbability)))
            throw new NoEstimateException("confidence", $"The model {answer.ModelVersion} answered with a confidence or risk that is not from 0 to 1.");
    }

    /// <summary>Not a number is none.</summary>
    private static bool IsShare(double value) => value is >= 0 and <= 1;
}
