using Aos.App.Cli;

return await CommandLine.Root().Parse(args).InvokeAsync();
