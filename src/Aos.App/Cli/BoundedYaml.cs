using Aos.Kernel;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Aos.App.Cli;

/// <summary>Reads YAML no deeper than <see cref="Json.DepthMax"/>: whoever builds nodes of it recurses, and must not run out of stack.</summary>
internal sealed class BoundedYaml(IParser inner, string file) : IParser
{
    private int depth;

    public ParsingEvent? Current => inner.Current;

    public bool MoveNext()
    {
        var moved = inner.MoveNext();
        if (moved) depth += inner.Current!.NestingIncrease;
        return depth <= Json.DepthMax + 2 ? moved : throw new PlanFileException($"{file}, line {inner.Current!.Start.Line}: nested deeper than {Json.DepthMax}.");
    }
}
