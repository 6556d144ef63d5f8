using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Failures;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim.Tests;

/// <summary>What is counted of failures.</summary>
[Trait("store", "none")]
public sealed class FailureMeasures
{
    [Fact]
    [Trait("id", "F5.50-23")]
    [Trait("id", "F5.51-13")]
    [Trait("id", "F5.51-14")]
    public void Matches_misses_and_recoveries_are_counted_under_few_labels()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var (seen, instruments) = (new List<string>(), new List<string>());
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope != factory) return;
                instruments.Add(instrument.Name);
                self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            foreach (var tag in tags) Assert.Matches("^[a-z][a-z0-9_]*$", tag.Key);
            seen.Add($"{instrument.Name}{{{string.Join(',', tags.ToArray().Select(tag => tag.Value))}}} {value}");
        });
        listener.Start();
        var door = new FailuresDoor(new FailureMeter(factory));

        Assert.Superset(new HashSet<string>(StringComparer.Ordinal) { "failure_match_hits_total", "failure_match_misses_total", "recovery_success_total", "recovery_failure_total", "failure_persist_dropped_total" }, instruments.ToHashSet(StringComparer.Ordinal));
        door.Kept([Failed("TIMEOUT"), Failed(null)]);
        door.Recovered("err_timeout");
        door.Recovered("user-42-made-this-up");
        door.LeftOut();

        Assert.Equal(
            ["failure_match_hits_total{TIMEOUT,TRANSIENT,RETRY_EXPONENTIAL} 1", "failure_match_misses_total{} 1", "recovery_success_total{RETRY_EXPONENTIAL,TIMEOUT} 1", "recovery_success_total{NONE,UNMATCHED} 1", "failure_persist_dropped_total{list_item} 1"],
            seen);
    }

    private static FailedStep Failed(string? entry) => new()
    {
        Run = default, Tenant = TenantId.Default, Place = "s0", Seq = 1, At = default, Step = "a", AgentId = "a", Code = entry ?? "ODD", Message = "", Entry = entry, Signature = "",
    };
}
