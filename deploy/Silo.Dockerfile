# Build from the repository's root: docker build -f deploy/Silo.Dockerfile .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig BannedSymbols.txt ./
COPY Relay.Protocol Relay.Protocol
COPY Grains.Interfaces Grains.Interfaces
COPY Grains Grains
COPY ServiceDefaults ServiceDefaults
COPY Silo Silo
RUN dotnet publish Silo -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
ENV Health__Urls=http://0.0.0.0:8081
EXPOSE 8081 11111 30000
USER app
ENTRYPOINT ["dotnet", "Silo.dll"]
