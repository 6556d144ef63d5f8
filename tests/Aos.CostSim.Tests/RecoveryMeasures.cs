using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Failures;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim.Tests;

/// <summary>What is counted of suggestions.</summary>
[Trait("store", "none")]
public sealed class RecoveryMeasures
{
    [Fact]
    [Trait("id", "F5.57-10")]
    public void Suggestions_decisions_and_outcomes_are_counted_under_few_labels()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var seen = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == factory) self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => seen.Add($"{instrument.Name}{{{string.Join(',', tags.ToArray().Select(tag => tag.Value))}}} {value}"));
        listener.Start();
        var meter = new RecoveryMeter(factory);

        meter.Suggested(RecoveryKind.RetryLater, FailureCatalog.Find("RATE_LIMITED"));
        meter.Suggested(RecoveryKind.Escalate, null);
        meter.Decided(RecoveryKind.RetryLater, true);
        meter.Decided(RecoveryKind.Escalate, false);
        meter.Ended(RecoveryKind.RetryLater, RecoveryResult.Succeeded);

        Assert.Equal(
            [
                "recovery_suggestion_total{retry_later,RATE_LIMITED} 1", "recovery_suggestion_total{escalate,UNMATCHED} 1", "recovery_decision_total{retry_later,approved} 1",
                "recovery_decision_total{escalate,rejected} 1", "recovery_applied_total{retry_later,succeeded} 1",
            ],
            seen);
    }
}
