using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Storage;

/// <summary>The archive behind journal and rows, and what looks after the age of things.</summary>
internal static class ArchiveWiring
{
    internal static void AddArchive(this AosBuilder aos, StorageOptions options)
    {
        var services = aos.Services;
        services.AddMetrics();
        services.AddSingleton<ArchiveMeter>();
        services.AddSingleton<ArchiveIndex>();
        services.AddSingleton<ArchiveFolders>();
        services.AddSingleton<ArchivedRuns>();
        services.AddSingleton<Archivist>();
        services.AddSingleton<IArchive, Archive>();
        Wrap<IJournal>(services, (inner, provider) => new ArchivedJournal(inner, provider.GetRequiredService<ArchivedRuns>()));
        Wrap<IRunRows>(services, (inner, provider) => new ArchivedRunRows(inner, provider.GetRequiredService<ArchivedRuns>()));
        if (options.ArchiveAfter is not null || options.DeleteAfter is not null) aos.Chore<RetentionChore>();
        aos.Chore<ArchiveSweep>().Chore<ExpiredRows>();
    }

    /// <summary>Puts a service behind another one of the same port.</summary>
    private static void Wrap<T>(IServiceCollection services, Func<T, IServiceProvider, T> wrap)
        where T : class
    {
        var inner = services.Last(service => service.ServiceType == typeof(T));
        services.Remove(inner);
        services.AddSingleton(provider => wrap((T)(inner.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)), provider));
    }
}
