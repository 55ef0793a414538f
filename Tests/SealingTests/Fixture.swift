/// Keys and messages that others made. No key here guards anything.
enum Fixture {
    /// The key of RFC 7516, A.1.4, as PKCS #8.
    static let privatePEM = """
        -----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQChqFQihbDQrS6w
        o245HofjCR/igFRcdPFG+BvjwT4FW/GR4M2NsLiF7ytRZwmhmZ2zaHszvSKYRWFF
        Tl2Mg1e2qWVcjgMWpwjUOCNP0t7A0PwxbYqt/dKmyT9mSgWeKVqQbKBPClne56wf
        48UAE0hRik6I3Xl2xBGSCvS8SHE33aLZqxs56dJl7JrHOIrvZTDGusqgTG/qRzm3
        BdOriH5AKEs6WfT+a1RnB+xFoxK0+zqZLpeuDGfFtaGiN/rre24RC54YL4UIx+tr
        foL2ScMUbMqw1rstkrZ2NiDIPclH8wH/g1Qlb9Oo5C3AdhvF6+gkCub4vlK2jCPM
        bL79urobAgMBAAECggEBAJC3bSI+hmw5LPwKQkk2ELXpXDbbZSojsj8zK1x3iPsp
        NRe/pKQ8WOPlmOTVleSp7WhHl0tY/NhN++ccYVjB18r42HnD0/X6cEfzPYFfJ/R6
        4dmp06Uw/dw7etsqVt8g7CcwZ0562LtYsFkYASqxGGOOqgGSKwNsQMJ5tl+7hkdY
        YIZKg6dFao95G0gs9V8nwrOvy3oQcLcRyMofEYqcuNKduJqDgG4MVcN68U/75bd1
        FXuFjtyZCTs5aVH/ik1SNj7YJvnQEcUxLRPonfuDia9IfivlRbN1Up3VUyM50sX8
        q4/CCy+jBv1L/GALu1SC0gd5TltPOfuKhNw84K044MkCgYEA1r52Xk46c+LsfB5P
        442p7atdPUrxQSy4mti/tZI3Mgf2EuFVbUoDBvaRQ+SWxkbkmoEzL7JXroSBjSrK
        3YIQgYdMgyAEPTPjXv/hI2/1eTSPVZfzL0lffNn03IXqWF5MDFuoUYE0hzb2vhrl
        N/rKrbfDIwUbTrjjgieRbwC6Cl0CgYEAwLb35x7hmQWZsWJmB/vle87ihgZ19S8l
        BEROLIsZG4ayZVe9Hi9gDVCOBmUDdaDYVTSNx/8Fyw1YYa9XGrGnDew00J28cRUo
        eBB/jKI1oma0Orv1T9aXIWxKwd4gvxFImOWr3QRL9KEBRzk2RatUBnmDZJTIAfwT
        s0g68UZHvtcCgYBkr5jATt2JSHSpHW1HvDxYe2iUPHcxn85OjCIW+B95DdKKt6xe
        Ob2BnkouExe+j67P4pQlYPFLmkVD8zR692jV0qJFONXD/Hg3KrJc8zmdQs+RylTz
        buuelnMAkql2FYCCqtcYoAQJAfRe3i1rOeOd3/NWkCZlmrrRY8wEx8py4QKBgA6t
        IH4CdQ3RRl4i70BGZ7ihDdFFJrCQcZI8nXN4+GWHQYjEQMvOsdLxwo8sHDJWGIOM
        qAuGGWvYTVXLI6gNxXoi9fa5PIOkJ9vU7dHI/Kqshac/bzQwVHwgIiVXhEjoyQ2T
        2B3R2PL9W/qPmdl+bby8fkwnpH+6Mcnig1Kilo4rAoGAVIMpMYbPf47dT1w/zDUX
        fPimsSegnMOA1zTaX7aGk/8urY6R8+ZW1FxU7AlWAyLWybqq6t16VFd7hQd0y6fl
        UK4SlOydB61gwanOsXGOAOv82cHq0E3eL4HrtZkUuKvnPrMnsUUFlfUdybVzxyjz
        9JF/XyaY14ardLSjf4L/FNY=
        -----END PRIVATE KEY-----
        """

    /// The same, as PKCS #1.
    static let privatePKCS1 = """
        -----BEGIN RSA PRIVATE KEY-----
        MIIEowIBAAKCAQEAoahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E+BVvxkeDN
        jbC4he8rUWcJoZmds2h7M70imEVhRU5djINXtqllXI4DFqcI1DgjT9LewND8MW2K
        rf3Spsk/ZkoFnilakGygTwpZ3uesH+PFABNIUYpOiN15dsQRkgr0vEhxN92i2asb
        OenSZeyaxziK72UwxrrKoExv6kc5twXTq4h+QChLOln0/mtUZwfsRaMStPs6mS6X
        rgxnxbWhojf663tuEQueGC+FCMfra36C9knDFGzKsNa7LZK2djYgyD3JR/MB/4NU
        JW/TqOQtwHYbxevoJArm+L5StowjzGy+/bq6GwIDAQABAoIBAQCQt20iPoZsOSz8
        CkJJNhC16Vw222UqI7I/Mytcd4j7KTUXv6SkPFjj5Zjk1ZXkqe1oR5dLWPzYTfvn
        HGFYwdfK+Nh5w9P1+nBH8z2BXyf0euHZqdOlMP3cO3rbKlbfIOwnMGdOeti7WLBZ
        GAEqsRhjjqoBkisDbEDCebZfu4ZHWGCGSoOnRWqPeRtILPVfJ8Kzr8t6EHC3EcjK
        HxGKnLjSnbiag4BuDFXDevFP++W3dRV7hY7cmQk7OWlR/4pNUjY+2Cb50BHFMS0T
        6J37g4mvSH4r5UWzdVKd1VMjOdLF/KuPwgsvowb9S/xgC7tUgtIHeU5bTzn7ioTc
        POCtOODJAoGBANa+dl5OOnPi7HweT+ONqe2rXT1K8UEsuJrYv7WSNzIH9hLhVW1K
        Awb2kUPklsZG5JqBMy+yV66EgY0qyt2CEIGHTIMgBD0z417/4SNv9Xk0j1WX8y9J
        X3zZ9NyF6lheTAxbqFGBNIc29r4a5Tf6yq23wyMFG06444InkW8AugpdAoGBAMC2
        9+ce4ZkFmbFiZgf75XvO4oYGdfUvJQRETiyLGRuGsmVXvR4vYA1QjgZlA3Wg2FU0
        jcf/BcsNWGGvVxqxpw3sNNCdvHEVKHgQf4yiNaJmtDq79U/WlyFsSsHeIL8RSJjl
        q90ES/ShAUc5NkWrVAZ5g2SUyAH8E7NIOvFGR77XAoGAZK+YwE7diUh0qR1tR7w8
        WHtolDx3MZ/OTowiFvgfeQ3SiresXjm9gZ5KLhMXvo+uz+KUJWDxS5pFQ/M0evdo
        1dKiRTjVw/x4NyqyXPM5nULPkcpU827rnpZzAJKpdhWAgqrXGKAECQH0Xt4taznj
        nd/zVpAmZZq60WPMBMfKcuECgYAOrSB+AnUN0UZeIu9ARme4oQ3RRSawkHGSPJ1z
        ePhlh0GIxEDLzrHS8cKPLBwyVhiDjKgLhhlr2E1VyyOoDcV6IvX2uTyDpCfb1O3R
        yPyqrIWnP280MFR8ICIlV4RI6MkNk9gd0djy/Vv6j5nZfm28vH5MJ6R/ujHJ4oNS
        opaOKwKBgFSDKTGGz3+O3U9cP8w1F3z4prEnoJzDgNc02l+2hpP/Lq2OkfPmVtRc
        VOwJVgMi1sm6qurdelRXe4UHdMun5VCuEpTsnQetYMGpzrFxjgDr/NnB6tBN3i+B
        67WZFLir5z6zJ7FFBZX1Hcm1c8co8/SRf18mmNeGq3S0o3+C/xTW
        -----END RSA PRIVATE KEY-----
        """

    /// Its public half as pyca/cryptography writes it for OpenSSH.
    static let sshPublicKey = """
        ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQChqFQihbDQrS6wo245HofjCR/igFRcdPFG+BvjwT4FW/GR4M2NsLiF7ytRZwmh\
        mZ2zaHszvSKYRWFFTl2Mg1e2qWVcjgMWpwjUOCNP0t7A0PwxbYqt/dKmyT9mSgWeKVqQbKBPClne56wf48UAE0hRik6I3Xl2xBGS\
        CvS8SHE33aLZqxs56dJl7JrHOIrvZTDGusqgTG/qRzm3BdOriH5AKEs6WfT+a1RnB+xFoxK0+zqZLpeuDGfFtaGiN/rre24RC54Y\
        L4UIx+trfoL2ScMUbMqw1rstkrZ2NiDIPclH8wH/g1Qlb9Oo5C3AdhvF6+gkCub4vlK2jCPMbL79urob
        """

    /// RFC 7516, A.1.7: RSA-OAEP with A256GCM.
    static let appendixA1 = """
        eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckC\
        L9kiMT03JGeipsEdY3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb23nfa6c9d-StnImGyFDbSv04uVuxIp5Zms1gNxKKK2Da1\
        4B8S4rzVRltdYwam_lDp5XnZAYpQdb76FdIKLaVmqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLzfiwQyeyPGLBIO56YJ7eObdv0\
        je81860ppamavo35UgoRdbYaBcoh9QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi6UklfCpIMfIjf7iGdXKHzg.48V1_ALb6U\
        S04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A.XFBoMYUZ\
        odetZdvTiFvSkQ
        """

    /// `secrets`, made by joserfc 1.8 with RSA-OAEP and A128GCM for that key, as the older clients do.
    static let oldClient = """
        eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkExMjhHQ00ifQ.k334-e-iy1yRDwIlhgmtGWzR1fCqeUDJNCJmN5qdypFyfJ04-bsnl\
        35b3wkRV7AZyilOCT2z3Gjfefv_9Cs6U0n7QZ8VNBfezk-0LrLwet1IQz9Pdu4v0ddcnl4_tLnXlEUO_Z8jrhest8kKQqwM-hJEz\
        57lY6_MshvEOIpi_vp2RepbYgMo69BUPjgjxIGpwGnPfA-5Mkyu2iW3C5EFOw_yLto_vqlD5bK9pbnTRFfY96rz6YME1EMJXs9HG\
        fRW-Rj843NR5Jp831IUndOZk8ChjXhtygSQr7wQPvQafEmM3lNQXWI8JtWAfvUbsvTMkRND-qowuFBvytvrsCdeBg.yUur5MAPyD\
        r_OXsP.z6gofVOoW9vcqkBp_2R81zlChepJrGQwf1ZHWeYNqeYk.3XTerbtQyO3_gD2BH-wNWA
        """

    /// `secrets`, made by joserfc 1.8 with RSA-OAEP-256 and A256GCM, without kid.
    static let newClient = """
        eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIn0.Q5PQUsMHzpJBx13m-m0CLxj1uSdM9JNcGa0dvC0xdkdii81f\
        ZOm1xj3LDt-jjYJV8GMruVXJHO3I0kdzYdxIAPnyqS_eCyJci8UVjI6VsyPdhPQZbY3DdeIMFQvUgJexWxVQMXnxpOFJzzItuaIu\
        Zt7EgJ8rJDuNDM7ursaz81sSf4gmEQL3xT8isHKSpC5QywYKBYGZTMdWS6nfSMv8StBU3mFtwkYPjOOHzY0zrcRNec_KCRb65OVT\
        tw8NS3vd8d9JbBezeJdWx8ZX5PEljaLvfA7pXHQJZxPdAsUi_NrCm0EvESDYeyhz9dkfd3-Tq5_VjCy_G14RrcGr-3uUag.7I7O2\
        Y9Qu7y6O9b7.fKFNyGQ9bAEo4Te9UWNDqurjYgbe-afWlfQqnc7Z51u_.JoBA8hprORjBRkxbWK5iAw
        """

    /// `secrets`, made by joserfc 1.8 with RSA1_5 and A256GCM.
    static let oldPadding = """
        eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMjU2R0NNIn0.FdT5CRUah4pNCmztVnL0kvsuJ7IjakObP8zlHZSpm42diG223FrLSc1A\
        L1oE-iuJ9sfWbwt8PTw8Xoiih85IWqoFzuPc0zsjXQXuCdiO9U5fDJt7kDIsufQeI7gHuWpOyha5kl7u5LThXSRdDKSbb4_L72AH\
        7lsCMqcbaHfGJxdBBqwg3EiOLU86wFBgnz78ViRtNZr9_6OW7joARswSw7XYdwZs7Xy3L35TSafDF1a__rml-e91F1ODZjWIrHJM\
        fRNt7aRFmV4-tPzcMG2O5teoauStOcj_R4kIamX2oqlxucN66f4hExsbAJQlbrIIofOippq0xPOjrVxrWIYIOQ.meJG-xip-j0Ay\
        9Fd.iO1mBFZ26eyAjO7q51RedPhjqpU0gIwpvxIP0k43YL6-.CLL2TIKGWDHAUnTl36sxLA
        """

    static let secrets = Array("environment:\n  PASSWORD: hunter2\n".utf8)

    /// The public key of RFC 7638, 3.1.
    static let thumbprintKey = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0vx7agoebGcQSuuPiLJX
        ZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS
        oc/BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ/2W+5JsGY4Hc5n9yBXArwl93lqt
        7/RN5w6Cf0h4QyQ5v+65YGjQR0/FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0
        zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt+bFTWhAI4vMQFh6WeZu0f
        M4lFd2NcRwr3XPksINHaQ+G/xBniIqbw0Ls1jF44+csFCur+kEgU8awapJzKnqDK
        gwIDAQAB
        -----END PUBLIC KEY-----
        """

    /// A key that is not RSA.
    static let ellipticPEM = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQguYDFaSHtQCUMymKQ
        DC5gwqcsUlvx8zBPifuTN1ZvacehRANCAAQtOoqpKJ44vVKdeOr5aRzjY7eSXeCr
        ZGCUJQTpJppgUJDS9DN1QDrmyjr8MVdcv7PNpA8meiLB3qVcs+Pdx7CE
        -----END PRIVATE KEY-----
        """

    /// A key behind a passphrase.
    static let encryptedPEM = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBBnRP9x4NC2S0yq3lIo
        UTmxAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQ+uRFJZ5+v/CALTu8
        oQEokgSBkFPof1QG5BJQ/xLb/GNXKwn0TKe2WeOKnBRwFnsyHchHNb/mFyh3iBRa
        XGVLrngRgHCspgWnC6aRz6faJjIbnbkrpdX9SHQLQtyN8Qeys+1FkrKHQHkgak6I
        CzA/rwSu2jtMKkyxP0Ek8cUErK+Jlm50yYcCF4j02BRW2B+2RMNI2ytKDcbwAgQ4
        pB1C5iaoRQ==
        -----END ENCRYPTED PRIVATE KEY-----
        """

    /// RSA of 1024 bits.
    static let shortPublicPEM = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC9PgTN7+L2ZZhx3Nm7v4pspCTE
        CeFA+LWu0DrFt0VkcIKHgr85eFqihEIwAo6x8rvTpaZ3aVV2xUETJluuMXXqwGOe
        pqX8BACxZnV9LZNbSItYQfp3bmXsG5FPdgWr3YWd2nxRw4f0Sd0b+fL4YYrQW9qa
        NGoajsNurLC0k+zJ3wIDAQAB
        -----END PUBLIC KEY-----
        """
}
