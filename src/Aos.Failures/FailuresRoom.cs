using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Failures;

/// <summary>The door of the failures room.</summary>
public static class FailuresRoom
{
    public const string Name = "failures";

    public static AosBuilder AddFailures(this AosBuilder aos, FailureOptions? options = null)
    {
        aos.Services.AddSingleton(options ?? new FailureOptions());
        aos.Services.AddMetrics();
        aos.Services.AddSingleton<FailureMeter>();
        aos.Services.AddSingleton<FailureTable>();
        aos.Services.AddSingleton<IForgetsRuns>(provider => provider.GetRequiredService<FailureTable>());
        aos.Services.AddSingleton<CandidateTable>();
        aos.Migrations(CandidateTable.Migration);
        return aos.Chore<FailureRetention>().Chore<FailureAggregation>().Door<IFailures, FailuresDoor>().Door<IFailureBook, FailureBook>().AddRecovery();
    }

    private static AosBuilder AddRecovery(this AosBuilder aos)
    {
        aos.Services.AddSingleton<RecoveryMeter>();
        aos.Services.AddSingleton<RecoveryTable>();
        aos.Services.AddSingleton<IForgetsRuns>(provider => provider.GetRequiredService<RecoveryTable>());
        aos.Services.AddSingleton<RecoveryResults>();
        aos.Services.AddSingleton<RecoveryHistory>();
        aos.Services.AddSingleton<RecoveryOrders>();
        aos.Migrations(RecoveryRows.Migration, RecoveryHistory.Migration);
        return aos.Chore<RecoveryOutcomes>().Door<IRecovery, RecoveryDesk>();
    }
}
