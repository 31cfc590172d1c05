//! Whether a door answers, seen from outside as a stranger sees it.

use crate::REQUEST_WAIT;
use http_body_util::Empty;
use hyper::{Request, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::{io, net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// Why a door did not say how it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// Whoever answers there shows another certificate.
    #[error("it shows another certificate")]
    OtherCertificate,
    /// Nobody answers, or not as a door does.
    #[error("{0}")]
    Silent(String),
}

/// Asks a door for a path that strangers may ask for, and gives the status. `certificate` (DER) is the one that the door
/// has to have, where it speaks TLS: who looks from outside knows it from its file, and no authority has to vouch for it.
pub async fn probe(address: SocketAddr, certificate: Option<&[u8]>, path: &str) -> Result<u16, ProbeError> {
    let asking = async {
        let stream = TcpStream::connect(address).await?;
        let Some(certificate) = certificate else { return ask(stream, address, path).await };
        let tls = TlsConnector::from(Arc::new(only(certificate).map_err(io::Error::other)?));
        ask(tls.connect(ServerName::from(address.ip()), stream).await?, address, path).await
    };
    match timeout(REQUEST_WAIT, asking).await {
        Ok(Ok(status)) => Ok(status),
        Ok(Err(error)) if is_other(&error) => Err(ProbeError::OtherCertificate),
        Ok(Err(error)) => Err(ProbeError::Silent(error.to_string())),
        Err(_) => Err(ProbeError::Silent(format!("no answer within {} seconds", REQUEST_WAIT.as_secs()))),
    }
}

/// Whether it was the certificate that was not taken.
fn is_other(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    matches!(inner, Some(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)))
}

async fn ask(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    address: SocketAddr,
    path: &str,
) -> io::Result<u16> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await.map_err(io::Error::other)?;
    let connection = super::Ending(tokio::spawn(async move { drop(connection.await) }));
    let request = Request::get(path).header(header::HOST, address.to_string()).body(Empty::<Bytes>::new());
    let response = sender.send_request(request.map_err(io::Error::other)?).await.map_err(io::Error::other)?;
    drop(connection);
    Ok(response.status().as_u16())
}

fn only(certificate: &[u8]) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let known = Only { certificate: CertificateDer::from(certificate.to_vec()), provider: provider.clone() };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(known))
        .with_no_client_auth())
}

/// Takes one certificate and no other. That whoever has it has its key too is proven as ever.
#[derive(Debug)]
struct Only {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Only {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match *end_entity == self.certificate {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let schemes = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, schemes)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let schemes = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, schemes)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
