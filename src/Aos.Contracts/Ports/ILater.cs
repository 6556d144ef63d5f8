using Microsoft.Extensions.Hosting;

namespace Aos.Contracts;

/// <summary>Work of a house that goes on beside everything else; a command that is over within a second never starts it.</summary>
public interface ILater : IHostedService;
