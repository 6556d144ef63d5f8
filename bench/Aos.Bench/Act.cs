using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Bench;

/// <summary>
/// Echo as a skill with an effect: nothing happens outside, but its order is on record before it is called and its outcome before the
/// next step, as for any skill that touches the world.
/// </summary>
internal sealed class Act : ISkill<EchoIn, EchoOut>
{
    internal const string Name = "act";

    private readonly Echo echo = new();

    public Act() => Contract = echo.Contract with { Name = Name, Effect = EffectClass.Idempotent };

    public SkillContract Contract { get; }

    public JsonTypeInfo<EchoIn> Input => echo.Input;

    public JsonTypeInfo<EchoOut> Output => echo.Output;

    internal static void Add(IServiceCollection services) => services.AddSingleton<IRegistered>(new Registered<EchoIn, EchoOut>(Name, () => new Act()));

    public Task<SkillAnswer<EchoOut>> InvokeAsync(EchoIn input, SkillCall call, CancellationToken cancel) => echo.InvokeAsync(input, call, cancel);
}
