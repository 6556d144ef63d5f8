using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Memory;

/// <summary>Registers recall.</summary>
internal static class RecallWiring
{
    /// <param name="redact">What is hidden in a note before it is written; secrets always are.</param>
    internal static AosBuilder AddRecall(this AosBuilder aos, RecallOptions options, Redaction redact)
    {
        aos.Services.AddMetrics();
        aos.Services.AddSingleton(options);
        aos.Services.AddSingleton(new NoteRules(new NoteRedaction(redact == Redaction.None ? Redaction.Secrets : redact)));
        aos.Services.AddSingleton<NoteTable>();
        aos.Services.AddSingleton<IKeepsBytes>(provider => provider.GetRequiredService<NoteTable>());
        aos.Services.AddSingleton<NoteReader>();
        aos.Services.AddSingleton<NoteIndexes>();
        aos.Services.AddSingleton<RecallMeter>();
        aos.Services.AddSingleton<EmbeddingQuota>();
        aos.Services.AddSingleton<ModelVectors>();
        aos.Services.AddSingleton<VectorTable>();
        return aos.Migrations(RecallSchema.Migration).Chore<EmbedChore>().Chore<RecallSweep>().Door<IRecall, RecallBook>();
    }
}
