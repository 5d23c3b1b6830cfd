# Build from the repository's root: docker build -f deploy/Gateway.Dockerfile .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig BannedSymbols.txt ./
COPY Relay.Protocol Relay.Protocol
COPY Grains.Interfaces Grains.Interfaces
COPY Grains Grains
COPY ServiceDefaults ServiceDefaults
COPY Gateway Gateway
COPY sdk/js sdk/js
COPY docs docs
RUN dotnet publish Gateway -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
ENV Gateway__Urls=http://0.0.0.0:8080
EXPOSE 8080
USER app
ENTRYPOINT ["dotnet", "Gateway.dll"]
