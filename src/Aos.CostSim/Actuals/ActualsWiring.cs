using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim;

internal static class ActualsWiring
{
    internal static AosBuilder AddActuals(this AosBuilder aos)
    {
        aos.Services.AddSingleton<CostRecordTable>();
        aos.Services.AddSingleton<IForgetsRuns>(provider => provider.GetRequiredService<CostRecordTable>());
        aos.Services.AddSingleton<EndedRunList>();
        aos.Services.AddSingleton<Actuals>();
        return aos.Migrations(CostRecordTable.Migration, EndedRunList.Migration).Chore<ActualsFollower>().Chore<CostRecordRetention>().Door<ICostRecords, CostRecordDesk>();
    }
}
