namespace Aos.Contracts;

/// <summary>Has gauges that stand in the store: told before they are read, so that reading them waits for nobody.</summary>
public interface IScraped
{
    /// <summary>Reads them anew when what is known is not fresh any more. Never throws because the store is away.</summary>
    Task LookAsync(CancellationToken cancel);
}
