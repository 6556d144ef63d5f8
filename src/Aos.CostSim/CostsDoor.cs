using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Asks the one simulator with the facts of this house.</summary>
internal sealed class CostsDoor(ISkills skills, CostSimOptions options, PriceTable? models = null, SimulationRecorder? recorder = null) : ICosts
{
    private volatile SimulatorFacts? facts;

    public Simulation Simulate(SimulationRequest request)
    {
        var facts = Facts(request);
        return recorder is null ? Simulator.Simulate(facts, request) : recorder.Record(request, () => Simulator.Simulate(facts, request));
    }

    public Failure? Admit(SimulationRequest request) => Simulator.Admit(Facts(request), request);

    public Cents Typical(string skill, System.Text.Json.JsonElement parameters) => Simulator.Typical(Facts(), skill, parameters);

    /// <summary>Of a plan that asks for versions of skills: those of these versions.</summary>
    private SimulatorFacts Facts(SimulationRequest request)
    {
        var of = skills.For(request.Reading.Plan);
        return ReferenceEquals(of, skills) ? Facts() : HouseFacts.Of(of, options, models);
    }

    /// <summary>Built again when the registry has changed; building it twice at once does no harm.</summary>
    private SimulatorFacts Facts()
    {
        if (facts is { } known && ReferenceEquals(known.Terms, skills.Terms)) return known;
        return facts = HouseFacts.Of(skills, options, models);
    }
}
